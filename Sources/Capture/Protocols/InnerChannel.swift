package import Identity
package import NIOCore
package import Wire

/// A connection inside a stream, as a relay carries it: the same upgrade, the same keys, one level deeper.
///
/// For a dissector that has read its protocol's own messages and knows that what follows is a connection. Its
/// items have the circuit at the end of theirs, and the peers that prove themselves inside.
package struct InnerChannel: Sendable {
  private var channel = Channel()
  private let circuit: Circuit
  private var isTooDeep = false

  /// - Parameters:
  ///   - relay: the side of the stream at which the relay is.
  ///   - initiator: who dials, by the relay's word, and likewise `target`.
  ///   - findings: as they are in the stream.
  package init(
    through relay: Role, from initiator: PeerID?, to target: PeerID?, findings: Findings
  ) {
    let scope = findings.scope
    circuit = Circuit(
      stream: scope.stream ?? 0, relay: scope.peer(of: relay), relayEndpoint: scope.endpoint(of: relay),
      initiator: initiator, target: target)
  }

  package var heldBytes: Int { channel.heldBytes }
  package var isWaitingForKeys: Bool { channel.isWaitingForKeys }

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

  /// More keys have come.
  package mutating func retry(findings: inout Findings) {
    inScope(&findings) { $0.retry(findings: &$1) }
  }

  package mutating func ended(findings: inout Findings) {
    inScope(&findings) { $0.finish(findings: &$1) }
  }

  private mutating func inScope(_ findings: inout Findings, _ body: (inout Channel, inout Findings) -> Void) {
    let outer = findings.scope
    findings.scope.circuit.append(circuit)
    findings.scope.stream = nil
    findings.scope.protocolName = nil
    body(&channel, &findings)
    findings.scope = outer
  }
}
