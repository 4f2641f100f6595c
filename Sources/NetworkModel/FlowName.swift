import SansIO

/// What a flow is called in every run of a scenario, whatever ports the kernels choose: the host that began
/// it, the host it was sent to, the service asked for, and which of such flows it is.
///
/// Both directions share the name. All chance in the model is drawn from it.
package struct FlowName: Hashable, Sendable, CustomStringConvertible {
  package let host: String
  /// A host, a box (for a NAT's address), or the address itself when nobody has it.
  package let peer: String
  package let transport: Transport
  /// The destination port of the flow's first packet.
  package let servicePort: UInt16
  /// Counts from zero, in the order in which the network first saw them.
  package let ordinal: Int

  package init(host: String, peer: String, transport: Transport, servicePort: UInt16, ordinal: Int) {
    self.host = host
    self.peer = peer
    self.transport = transport
    self.servicePort = servicePort
    self.ordinal = ordinal
  }

  package var description: String { "\(host) → \(peer) \(transport)/\(servicePort) #\(ordinal)" }

  /// The name as a number, which every draw begins with.
  package var key: UInt64 {
    var generator = SeededGenerator(seed: UInt64(transport.rawValue) << 16 | UInt64(servicePort))
      .fork(host).fork(peer)
    return Draw.mix(generator.next(), UInt64(truncatingIfNeeded: ordinal))
  }
}

/// One packet of a flow: what its fate on a link depends on, besides the link and the seed.
package struct PacketName: Hashable, Sendable {
  /// ``FlowName/key``, other in the other direction.
  package let flow: UInt64
  /// How many the sender had sent on this flow before.
  package let index: UInt64

  package init(flow: UInt64, index: UInt64) {
    self.flow = flow
    self.index = index
  }

  /// The second of two after a link has doubled the packet.
  var copy: PacketName { PacketName(flow: Draw.mix(flow, 0xC0B1), index: index) }
}
