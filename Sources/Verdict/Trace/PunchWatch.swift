import Capture
import Identity
import Noise
import SansIO
import Scenario
import Wire

/// Finds hole punches in one host's capture: a direct channel with a peer, of a connection that began after
/// the two had agreed in a circuit to punch.
struct PunchWatch {
  private struct Opened {
    var began: Instant
    var opening = TCPOpening.oneSided
  }

  private static let dcutr = "/libp2p/dcutr"
  /// DCUtR gives up after three attempts of a few round trips and waits each; what opens much later has other
  /// reasons.
  private static let patience = Duration.seconds(30)

  /// By their numbers in the capture, until they are secured.
  private var connections: [Int: Opened] = [:]
  private var agreed: [PeerID: Instant] = [:]

  init() {}

  /// - Parameter peer: at the other end.
  mutating func receive(_ item: Item, _ peer: PeerID?) -> [Witnessed] {
    switch item.what {
    case .tcp(.syn):
      if connections[item.connection] == nil { connections[item.connection] = Opened(began: item.time) }
    case .tcp(.simultaneouslyOpened(bothAnswered: true)):
      connections[item.connection]?.opening = .simultaneous
    case .multistream(.accepted(.stream, let name)) where name.rawValue == Self.dcutr:
      if let peer, !item.circuit.isEmpty { agreed[peer] = item.time }
    case .noise(.handshake(.final, _, _)) where item.circuit.isEmpty:
      guard let opened = connections.removeValue(forKey: item.connection), let peer,
        let since = agreed[peer], since <= opened.began, opened.began - since <= Self.patience
      else { break }
      agreed[peer] = nil
      return [.punched(opening: opened.opening)]
    case .tcp, .udp, .multistream, .noise, .yamux, .identify, .ping, .gossip, .chat, .perf, .relay, .opaque,
      .note:
      break
    }
    return []
  }
}
