package import NIOCore
package import Wire

/// A connection inside a stream, as a relay carries it: the same upgrade, the same keys, one level deeper.
///
/// For a dissector that has read its protocol's own messages and knows that what follows is a connection. Its
/// items have the stream's number at the end of their circuit, and the peers that prove themselves inside.
package struct InnerChannel: Sendable {
  /// The opener of the stream dials through it.
  private var channel = Channel(dialer: .initiator)
  private var isTooDeep = false

  package init() {}

  package var heldBytes: Int { channel.heldBytes }

  /// Takes bytes of a side of the stream.
  package mutating func receive(_ bytes: ByteBuffer, from side: Role, findings: inout Findings) {
    guard !isTooDeep else { return }
    guard findings.scope.circuit.count < findings.limits.nestingMax else {
      isTooDeep = true
      let note = Note.limit("connections inside connections, more than \(findings.limits.nestingMax) deep")
      return findings.add(.note(note), by: side)
    }
    let stamp = findings.stamp
    inScope(&findings) { channel, findings in
      channel.receive(Run(bytes: bytes, stamp: stamp), from: side, findings: &findings)
    }
    findings.stamp = stamp
  }

  package mutating func ended(findings: inout Findings) {
    inScope(&findings) { $0.finish(findings: &$1) }
  }

  private mutating func inScope(_ findings: inout Findings, _ body: (inout Channel, inout Findings) -> Void) {
    let outer = findings.scope
    if let stream = outer.stream { findings.scope.circuit.append(stream) }
    findings.scope.stream = nil
    findings.scope.protocolName = nil
    body(&channel, &findings)
    findings.scope = outer
  }
}
