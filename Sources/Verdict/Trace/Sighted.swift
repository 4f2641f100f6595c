package import SansIO
package import Scenario

/// Something a host's capture shows, reduced to what is judged.
package struct Sighted: Sendable, Equatable {
  /// Whose capture.
  package var host: String
  package var packet: Int
  package var at: Instant
  package var direction: Direction
  /// Who is at the other end: of the channel where that is proven, of the packets otherwise.
  package var peer: String?
  /// How the channel goes; unknown for what is outside one.
  package var path: Path?
  /// Whose circuit it is inside, where it is in one.
  package var relay: String?
  package var what: Witnessed

  package init(
    _ host: String, _ packet: Int, at: Instant, _ direction: Direction, peer: String? = nil,
    path: Path? = nil, relay: String? = nil, _ what: Witnessed
  ) {
    self.host = host
    self.packet = packet
    self.at = at
    self.direction = direction
    self.peer = peer
    self.path = path
    self.relay = relay
    self.what = what
  }

  var evidence: Evidence {
    let towards = peer.map { direction == .inbound ? " from \($0)" : " to \($0)" } ?? ""
    let way = relay.map { ", via \($0)" } ?? ""
    return Evidence(host, .packet, packet, at: at, what.words + towards + way)
  }
}

package enum Witnessed: Sendable, Equatable {
  /// A segment or datagram; the port is that of the other end.
  case packet(transport: Transport, port: Int?, tcp: TCPKind?)
  case simultaneousOpen
  /// The Noise handshake is through.
  case secured
  /// A stream's protocol is agreed.
  case agreed(protocol: String)
  /// Somebody says that it wants a topic.
  case subscribed(topic: String)
  /// A relay grants a reservation, so many round trips and milliseconds after it was asked.
  case reserved(roundTrips: Int, afterMs: Double)
  /// A relay does not.
  case reservationRefused(reason: String)
  /// At the end that asked for it or at the other one.
  case circuitOpened(from: String, to: String)
  case circuitRefused(from: String, to: String, reason: String)
  case circuitEnded(from: String, to: String, sentBytes: UInt64, receivedBytes: UInt64, wasReset: Bool)
  /// A direct channel whose connection began after hole punching was agreed on in a circuit.
  case punched(opening: TCPOpening)
  /// A published message, signed by its author.
  case gossip(author: String, sequence: UInt64, topic: String, text: String)

  var words: String {
    switch self {
    case .packet(let transport, let port, let tcp):
      transport.rawValue + (tcp.map { " \($0.rawValue)" } ?? "") + (port.map { " of port \($0)" } ?? "")
    case .simultaneousOpen: "simultaneous open"
    case .secured: "secured channel"
    case .agreed(let name): name
    case .subscribed(let topic): "subscription to \(topic)"
    case .reserved(let roundTrips, let ms):
      "reservation granted after \(roundTrips) round trip\(roundTrips == 1 ? "" : "s"), \(ms.asTime)"
    case .reservationRefused(let reason): "reservation refused: \(reason)"
    case .circuitOpened(let from, let to): "circuit from \(from) to \(to)"
    case .circuitRefused(let from, let to, let reason): "no circuit from \(from) to \(to): \(reason)"
    case .circuitEnded(let from, let to, let sent, let received, let wasReset):
      "circuit from \(from) to \(to) \(wasReset ? "reset" : "ended") after \(sent) bytes there "
        + "and \(received) back"
    case .punched(let opening): "hole punched \(opening.words)"
    case .gossip(let author, let sequence, _, let text): "“\(text.prefix(60))” by \(author), \(sequence)"
    }
  }
}

extension Witnessed {
  /// A relay serves, or somebody hears what is said on the topic: a node is not alone.
  var isCompany: Bool {
    switch self {
    case .gossip, .subscribed, .reserved: true
    case .packet, .simultaneousOpen, .secured, .agreed, .reservationRefused, .circuitOpened, .circuitRefused,
      .circuitEnded, .punched:
      false
    }
  }

  /// What makes a node ready to announce itself.
  var isReadiness: Bool {
    switch self {
    case .subscribed(Announcement.topic), .reserved: true
    case .packet, .simultaneousOpen, .secured, .agreed, .subscribed, .reservationRefused, .circuitOpened,
      .circuitRefused, .circuitEnded, .punched, .gossip:
      false
    }
  }
}

/// The announcements of presence, by the texts of the original messenger.
enum Announcement: String {
  case presence = "ANNOUNCE:PRESENCE"
  case welcome = "ANNOUNCE:WELCOME"
  case refresh = "ANNOUNCE:REFRESH"

  static let topic = "p2p-chat-global"

  /// Recognised by prefix; a suffix after a space is allowed.
  init?(_ text: String) {
    for kind in [Announcement.presence, .welcome, .refresh] where text.hasPrefix(kind.rawValue) {
      let rest = text.dropFirst(kind.rawValue.count)
      if rest.isEmpty || rest.first == " " {
        self = kind
        return
      }
    }
    return nil
  }
}
