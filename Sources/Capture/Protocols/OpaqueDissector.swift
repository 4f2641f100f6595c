import NIOCore
import Wire

/// Bytes of a protocol that is not known here, as they come.
struct OpaqueDissector: StreamDissector {
  mutating func receive(_ bytes: ByteBuffer, from side: Role, findings: inout Findings) {
    guard bytes.readableBytes > 0 else { return }
    let beginning = Array(bytes.readableBytesView.prefix(OpaqueBytes.beginningMax))
    findings.add(.opaque(OpaqueBytes(count: bytes.readableBytes, beginning: beginning)), by: side)
  }
}
