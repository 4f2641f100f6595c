package import Meshwork

/// Somebody else, as a chat needs to know them.
package struct Peer: Hashable, Sendable {
  package let id: PeerID
  /// Its short id and its colour, which take a while to find out.
  let name: String
  let style: Style
  /// What it says of its program: a stranger's words.
  package var agent: String?
  /// Nil for one that never said that it is there, such as a relay.
  package var isOnline: Bool?
  /// How it is reached; nil without a connection.
  package var path: ConnectionInfo.Path?
  package var lastSeenMs: Int64?

  package init(
    _ id: PeerID, agent: String? = nil, isOnline: Bool? = nil, path: ConnectionInfo.Path? = nil,
    lastSeenMs: Int64? = nil
  ) {
    self.id = id
    name = id.shortID
    style = id.style
    self.agent = agent
    self.isOnline = isOnline
    self.path = path
    self.lastSeenMs = lastSeenMs
  }

  /// `online, direct`.
  var presence: String {
    let online = isOnline.map { $0 ? "online" : "offline" } ?? "connected"
    guard let path else { return isOnline == true ? "\(online), through others" : online }
    return "\(online), \(path.rawValue)"
  }

  /// `D` or `R`; for one without a connection, a dash.
  var mark: String {
    switch path {
    case .direct: "D"
    case .relayed: "R"
    case nil: "-"
    }
  }
}

extension PeerID {
  /// What people see of it: the last eight characters. The first ones are the same for everybody.
  package var shortID: String { String(description.suffix(8)) }

  /// A colour that stays theirs.
  package var style: Style {
    // FNV-1a.
    let hash = description.utf8.reduce(UInt32(2_166_136_261)) { ($0 ^ UInt32($1)) &* 16_777_619 }
    return .author(UInt8(hash % UInt32(Style.authorColours)))
  }
}
