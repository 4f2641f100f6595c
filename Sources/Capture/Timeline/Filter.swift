import GossipSub
package import Identity
import Wire

/// Which items are asked for. Empty lets everything through.
package struct Filter: Hashable, Sendable {
  /// At either end, or the author of a message.
  package var peers: Set<PeerID>
  /// Names of stream protocols, whole (`/ipfs/ping/1.0.0`), or what they stand under here: `What.families`.
  package var protocols: Set<String>

  package init(peers: Set<PeerID> = [], protocols: Set<String> = []) {
    self.peers = peers
    self.protocols = protocols
  }

  /// From what a person typed.
  package init(peers: [String], protocols: [String]) throws(Mistake) {
    self.init(protocols: Set(protocols))
    for text in peers {
      do { self.peers.insert(try PeerID(text)) } catch { throw .notAPeer(text, "\(error)") }
    }
    for name in protocols where !name.hasPrefix("/") && !What.families.contains(name) {
      throw .notAProtocol(name)
    }
  }

  package enum Mistake: Error, Hashable, CustomStringConvertible {
    case notAPeer(String, String)
    case notAProtocol(String)

    package var description: String {
      switch self {
      case .notAPeer(let text, let reason): "\(text): \(reason)"
      case .notAProtocol(let name):
        "\(name) is neither a protocol's name (/…) nor one of \(What.families.joined(separator: ", "))"
      }
    }
  }

  package func admits(_ item: Item) -> Bool { admitsPeer(of: item) && admitsProtocol(of: item) }

  private func admitsPeer(of item: Item) -> Bool {
    if peers.isEmpty { return true }
    var involved = [item.sendingPeer, item.receivingPeer]
    if case .gossip(.published(let message)) = item.what { involved.append(message.author) }
    return involved.contains { $0.map(peers.contains) ?? false }
  }

  private func admitsProtocol(of item: Item) -> Bool {
    if protocols.isEmpty || protocols.contains(item.what.family) { return true }
    return item.protocolName.map { protocols.contains($0.rawValue) } ?? false
  }
}
