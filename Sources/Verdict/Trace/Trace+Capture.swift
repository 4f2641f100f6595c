package import Capture
package import Identity
import SansIO
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

  func relay(of circuit: Circuit) -> String {
    circuit.relay.map(name(of:)) ?? addresses[circuit.relayEndpoint.address]
      ?? circuit.relayEndpoint.description
  }
}

// The only folder that knows `Capture`: its items become what is judged.

extension Trace {
  /// Adds what the capture of a host shows. Call `complete` when all is added.
  ///
  /// What goes through a circuit that the host only relays is no word to it or of it, even where the keys of
  /// its ends make it readable.
  package mutating func append(_ timeline: Timeline, of host: String, names: Names) {
    var punches = PunchWatch()
    for item in timeline.items where !item.circuit.contains(where: { names.relay(of: $0) == host }) {
      let isOutbound = names.addresses[item.sender.address] == host
      let peer = isOutbound ? item.receivingPeer : item.sendingPeer
      let address = isOutbound ? item.receiver.address : item.sender.address
      let isInside = !item.circuit.isEmpty
      for what in Witnessed.all(in: item, isOutbound: isOutbound, names) + punches.receive(item, peer) {
        sightings.append(
          Sighted(
            host, item.stamp.packet, at: item.time, isOutbound ? .outbound : .inbound,
            // Inside, the address is the relay's.
            peer: peer.map(names.name(of:)) ?? (isInside ? nil : names.addresses[address]),
            path: peer == nil ? nil : isInside ? .relayed : .direct,
            relay: item.circuit.last.map(names.relay(of:)), what))
      }
    }
  }
}
