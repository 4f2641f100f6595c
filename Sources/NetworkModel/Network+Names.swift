package import SansIO

// The name service, somewhere on the internet.
extension Network {
  /// The addresses that the name service gives for a name, which replace those before.
  package mutating func setName(_ name: String, to addresses: [Address], at now: Instant) {
    advance(to: now)
    names.set(name, to: addresses)
  }

  mutating func serve(_ transit: consuming Transit) {
    guard let answer = nameServiceAnswer(to: transit.packet) else {
      return die(transit, .noService, at: "name-service")
    }
    let reply = Transit(packet: answer, tag: transit.tag.answered, origin: -1)
    cross(reply, SegmentID.internet.rawValue, from: .nameService)
  }

  private func nameServiceAnswer(to packet: borrowing Packet) -> Packet? {
    if packet.isLaterFragment { return nil }
    if let reply = packet.echoReply { return reply }
    switch packet.transport {
    case .tcp: return .reset(answering: packet)
    case .udp where packet.destinationPort == NameService.port:
      return names.response(to: packet.payload).map {
        .udp(from: packet.destination, to: packet.source, payload: $0)
      }
    case .udp: return .icmpError(.portUnreachable, about: packet, from: packet.destinationAddress)
    default: return nil
    }
  }
}
