import Capture
import Identity
import Noise
import SansIO
import Scenario

/// Finds hole punches in one host's capture: a direct channel with a peer, of a connection that began after
/// the two had agreed in a circuit to punch.
struct PunchWatch {
  private struct Opened {
    var began: Instant
    var opening = TCPOpening.oneSided
  }

  /// DCUtR gives up after three attempts of a few round trips and waits each; what opens much later has other
  /// reasons.
  private static let patience = Duration.seconds(30)

  /// By their numbers in the capture, until they are secured.
  private var connections: [Int: Opened] = [:]
  /// When they said SYNC, the last few times.
  private var agreed: [PeerID: [Instant]] = [:]
  private static let attemptsMax = 8

  init() {}

  /// - Parameter peer: at the other end.
  mutating func receive(_ item: Item, _ peer: PeerID?) -> [Witnessed] {
    switch item.what {
    case .tcp(.syn):
      if connections[item.connection] == nil { connections[item.connection] = Opened(began: item.time) }
    case .tcp(.simultaneouslyOpened(bothAnswered: true)):
      connections[item.connection]?.opening = .simultaneous
    case .punch(.sync):
      guard let peer, !item.circuit.isEmpty else { break }
      agreed[peer] = (agreed[peer] ?? []).suffix(Self.attemptsMax - 1) + [item.time]
    case .noise(.handshake(.final, _, _)) where item.circuit.isEmpty:
      guard let opened = connections.removeValue(forKey: item.connection), let peer,
        let attempts = agreed[peer],
        attempts.contains(where: { $0 <= opened.began && opened.began - $0 <= Self.patience })
      else { break }
      agreed[peer] = nil
      return [.punched(opening: opened.opening)]
    case .tcp, .udp, .multistream, .noise, .yamux, .identify, .ping, .gossip, .chat, .perf, .relay, .punch,
      .autoNAT, .opaque, .note:
      break
    }
    return []
  }
}
