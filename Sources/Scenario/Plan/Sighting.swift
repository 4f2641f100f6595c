/// What can be seen in the packets recorded at one host.
package struct Sighting: Codable, Sendable, Equatable {
  package var at: String
  package var what: What

  package enum What: Codable, Sendable, Equatable {
    case packet(pattern: PacketPattern)
    /// Two SYNs that crossed and became one connection (RFC 9293, 3.5).
    case simultaneousOpen(peer: String?)
    /// A secured channel with the peer: its own TCP connection, or one inside a circuit, of that relay.
    case secured(peer: String, path: Path?, relay: String? = nil)
    /// A relay grants the host a reservation; at most so many round trips after the stream was opened.
    case reserved(relay: String?, roundTripsMost: Int? = nil)
    /// A circuit opens between the host and the peer, whoever asked for it.
    case circuit(peer: String?, relay: String?)
    /// A direct channel with the peer, of a connection that a hole punch agreed on in a circuit has opened.
    case punched(peer: String, opening: TCPOpening?)
    /// A gossip message in clear. `text` is a prefix; what is left out is not asked for.
    case message(author: String?, text: String, direction: Direction?)
    /// An agreed stream protocol.
    case agreed(protocol: String, peer: String?)
  }
}

/// Which packets are meant; what is left out is not asked for.
package struct PacketPattern: Codable, Sendable, Equatable {
  package var transport: Transport?
  package var direction: Direction?
  /// The host at the other end, behind whatever NATs.
  package var peer: String?
  /// The port at the other end.
  package var port: Int?
  package var tcp: TCPKind?
}

/// A transport protocol.
public enum Transport: String, Codable, Sendable {
  /// TCP, UDP, and ICMP of either family.
  case tcp, udp, icmp
}

/// Which way a packet goes, from the host whose capture it is in.
public enum Direction: String, Codable, Sendable {
  /// Arriving or leaving.
  case inbound, outbound
}

/// A TCP segment by its flags.
public enum TCPKind: String, Codable, Sendable {
  /// SYN without ACK, SYN with ACK, FIN, RST.
  case syn, synAck, fin, reset
}

/// How a TCP connection was opened, by the packets of one end.
public enum TCPOpening: String, Codable, Sendable {
  /// The SYNs have crossed, and each end has answered the other's (RFC 9293, 3.5).
  case simultaneous
  /// One end at most had the other's SYN before its own was answered.
  case oneSided
}

/// A packet that a box of the network let die.
package struct DropPattern: Codable, Sendable, Equatable {
  /// A host, whose link it is, or a LAN, whose router it is.
  package var box: String
  /// Part of the rule's words.
  package var rule: String?
  /// The host that sent it.
  package var from: String?
}

extension Sighting {
  package var words: String {
    switch what {
    case .packet(let pattern): "\(at)'s capture has \(pattern.words)"
    case .simultaneousOpen(let peer):
      "\(at)'s capture has a simultaneous open" + (peer.map { " with \($0)" } ?? "")
    case .secured(let peer, let path, let relay):
      "\(at)'s capture has a secured channel with \(peer)" + (path.map { ", \($0)" } ?? "")
        + (relay.map { " via \($0)" } ?? "")
    case .reserved(let relay, let most):
      "\(at)'s capture has a reservation" + (relay.map { " at \($0)" } ?? "")
        + (most.map { ", within \($0) round trips" } ?? "")
    case .circuit(let peer, let relay):
      "\(at)'s capture has a circuit" + (peer.map { " with \($0)" } ?? "")
        + (relay.map { " via \($0)" } ?? "")
    case .punched(let peer, let opening):
      "\(at)'s capture has a hole punched to \(peer)" + (opening.map { ", \($0.words)" } ?? "")
    case .message(let author, let text, let direction):
      "\(at)'s capture has “\(text)…”" + (author.map { " by \($0)" } ?? "")
        + (direction.map { ", \($0)" } ?? "")
    case .agreed(let name, let peer):
      "\(at)'s capture has \(name) agreed" + (peer.map { " with \($0)" } ?? "")
    }
  }
}

extension PacketPattern {
  package var words: String {
    var words = [String]()
    if let direction { words.append(direction.rawValue) }
    if let transport { words.append(transport.rawValue) }
    if let tcp { words.append(tcp.rawValue) }
    words.append("packets")
    if let port { words.append("of port \(port)") }
    if let peer { words.append("with \(peer)") }
    return words.joined(separator: " ")
  }
}

extension TCPOpening {
  package var words: String {
    switch self {
    case .simultaneous: "by simultaneous open"
    case .oneSided: "one-sided"
    }
  }
}

extension DropPattern {
  package var words: String {
    "a packet" + (from.map { " of \($0)" } ?? "") + " dies at \(box)" + (rule.map { " by “\($0)”" } ?? "")
  }
}
