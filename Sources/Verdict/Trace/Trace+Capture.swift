package import Capture
import GossipSub
package import Identity
import Noise
import Scenario
package import Wire

/// Who is who in the packets of a run.
package struct Names: Sendable {
  /// Hosts by the PeerIDs of their programs.
  package var hosts: [PeerID: String]
  /// Hosts by every address that they had.
  package var addresses: [IPAddress: String]

  package init(hosts: [PeerID: String], addresses: [IPAddress: String]) {
    self.hosts = hosts
    self.addresses = addresses
  }

  /// The host's name, or the PeerID for a peer that is no host of the plan.
  func name(of peer: PeerID) -> String {
    hosts[peer] ?? peer.description
  }
}

// The only file that knows `Capture`: its items become what is judged.

extension Trace {
  /// Adds what the capture of a host shows. Call `complete` when all is added.
  package mutating func append(_ timeline: Timeline, of host: String, names: Names) {
    for item in timeline.items {
      let isOutbound = names.addresses[item.sender.address] == host
      guard let what = Witnessed(item, isOutbound: isOutbound, names) else { continue }
      let peer = isOutbound ? item.receivingPeer : item.sendingPeer
      let address = isOutbound ? item.receiver.address : item.sender.address
      sightings.append(
        Sighted(
          host, item.stamp.packet, at: item.time, isOutbound ? .outbound : .inbound,
          peer: peer.map(names.name(of:)) ?? names.addresses[address],
          path: peer == nil ? nil : item.circuit.isEmpty ? .direct : .relayed, what))
    }
  }
}

extension Witnessed {
  /// Nil for what nothing is judged by.
  fileprivate init?(_ item: Item, isOutbound: Bool, _ names: Names) {
    let port = Int(isOutbound ? item.receiver.port : item.sender.port)
    switch item.what {
    case .tcp(.syn): self = .packet(transport: .tcp, port: port, tcp: .syn)
    case .tcp(.synAck): self = .packet(transport: .tcp, port: port, tcp: .synAck)
    case .tcp(.fin): self = .packet(transport: .tcp, port: port, tcp: .fin)
    case .tcp(.reset): self = .packet(transport: .tcp, port: port, tcp: .reset)
    case .tcp(.simultaneousOpen): self = .simultaneousOpen
    case .tcp(.simultaneouslyOpened): return nil
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
    case .multistream, .noise, .yamux, .identify, .ping, .gossip, .chat, .perf, .relay, .opaque, .note:
      return nil
    }
  }
}
