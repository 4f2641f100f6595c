import NIOCore
import Wire

/// Bytes of a protocol that is not known here, as they come.
struct OpaqueDissector: StreamDissector {
  mutating func receive(_ bytes: ByteBuffer, from side: Role, findings: inout Findings) {
    guard bytes.readableBytes > 0 else { return }
    findings.add(.opaque(OpaqueBytes(bytes)), by: side)
  }
}

extension OpaqueBytes {
  init(_ bytes: ByteBuffer) {
    count = bytes.readableBytes
    beginning = Array(bytes.readableBytesView.prefix(Self.beginningMax))
  }
}
