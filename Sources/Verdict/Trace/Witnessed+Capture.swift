import Capture
import GossipSub
import Identity
import Noise
import Scenario
import Wire

extension Witnessed {
  /// What of an item is judged: mostly nothing, never more than one thing.
  static func all(in item: Item, isOutbound: Bool, _ names: Names) -> [Witnessed] {
    Witnessed(item, isOutbound: isOutbound, names).map { [$0] } ?? []
  }

  private init?(_ item: Item, isOutbound: Bool, _ names: Names) {
    let port = Int(isOutbound ? item.receiver.port : item.sender.port)
    switch item.what {
    case .tcp(.syn): self = .packet(transport: .tcp, port: port, tcp: .syn)
    case .tcp(.synAck): self = .packet(transport: .tcp, port: port, tcp: .synAck)
    case .tcp(.fin): self = .packet(transport: .tcp, port: port, tcp: .fin)
    case .tcp(.reset): self = .packet(transport: .tcp, port: port, tcp: .reset)
    case .tcp(.simultaneousOpen): self = .simultaneousOpen
    case .udp: self = .packet(transport: .udp, port: port, tcp: nil)
    case .noise(.handshake(.final, _, _)): self = .secured
    case .multistream(.accepted(.stream, let name)): self = .agreed(protocol: name.rawValue)
    case .gossip(.subscribed(let topic)): self = .subscribed(topic: topic.description)
    case .gossip(.published(let message)):
      // What its author did not sign is nobody's word.
      guard message.judgement == .valid, let author = message.author, let sequence = message.sequence else {
        return nil
      }
      self = .gossip(
        author: names.name(of: author), sequence: sequence, topic: message.topic.description,
        text: String(decoding: message.data, as: UTF8.self))
    case .relay(let fact): self.init(fact, of: item, names)
    case .tcp(.simultaneouslyOpened), .multistream, .noise, .yamux, .identify, .ping, .gossip, .chat, .perf,
      .punch, .autoNAT, .opaque, .note:
      return nil
    }
  }

  /// The relay's protocol names only the peer that is not at the other end of the stream.
  private init?(_ fact: RelayFact, of item: Item, _ names: Names) {
    func name(_ peer: PeerID?) -> String { peer.map(names.name(of:)) ?? "somebody" }
    switch fact {
    case .reservationGranted(_, let turnaround):
      self = .reserved(roundTrips: turnaround.roundTrips, afterMs: Double(turnaround.nanoseconds) / 1e6)
    case .reservationRefused(let status, _): self = .reservationRefused(reason: "\(status)")
    case .circuitOpened(let peer, _, _): self = .circuitOpened(from: name(item.receivingPeer), to: name(peer))
    case .circuitAccepted(let peer, _, _): self = .circuitOpened(from: name(peer), to: name(item.sendingPeer))
    case .circuitRefused(let peer, let status, _):
      self = .circuitRefused(from: name(item.receivingPeer), to: name(peer), reason: "\(status)")
    case .circuitDeclined(let peer, let status, _):
      self = .circuitRefused(from: name(peer), to: name(item.sendingPeer), reason: "\(status)")
    case .circuitEnded(let circuit):
      self = .circuitEnded(
        from: name(circuit.initiator), to: name(circuit.target), sentBytes: circuit.sentBytes,
        receivedBytes: circuit.receivedBytes, wasReset: circuit.wasReset)
    case .reservationAsked, .circuitAsked, .circuitOffered: return nil
    }
  }
}
