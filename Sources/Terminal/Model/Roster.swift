import Meshwork

/// Who is known, and what a person may call them.
struct Roster: Sendable {
  let own: PeerID
  private var peers: [PeerID: Peer] = [:]
  /// Those that are there, by short id.
  private(set) var online: [Peer] = []
  /// Everybody, those that are there first, by short id.
  private(set) var everybody: [Peer] = []

  init(own: PeerID) {
    self.own = own
  }

  subscript(id: PeerID) -> Peer? { peers[id] }

  mutating func replace(_ all: [Peer]) {
    peers = [:]
    for peer in all where peer.id != own { peers[peer.id] = peer }
    let byName = peers.values.sorted { one, other in
      one.name == other.name ? "\(one.id)" < "\(other.id)" : one.name < other.name
    }
    online = byName.filter { $0.isOnline == true }
    everybody = online + byName.filter { $0.isOnline != true }
  }

  /// How many of those that are there are reached so.
  func count(_ path: ConnectionInfo.Path?) -> Int { online.count { $0.path == path } }

  /// Name of an author or a conversation's other end.
  func name(_ id: PeerID) -> String { id == own ? "you" : id.shortID }

  /// `a is`, `a and b are`, `a, b, c and 16 more are`.
  func names(_ ids: [PeerID]) -> String {
    let shown = ids.prefix(ids.count > 4 ? 3 : 4).map { name($0) }
    if ids.count > shown.count {
      return "\(shown.joined(separator: ", ")) and \(ids.count - shown.count) more are"
    }
    guard let last = shown.last, shown.count > 1 else { return "\(shown.first ?? "nobody") is" }
    return "\(shown.dropLast().joined(separator: ", ")) and \(last) are"
  }

  // MARK: By name

  enum Lookup: Hashable {
    case one(PeerID)
    case none
    case several([PeerID])
  }

  /// A whole PeerID, or the end of one that is known here or in `others`.
  func find(_ text: String, others: [PeerID] = []) -> Lookup {
    if let id = try? PeerID(text) { return .one(id) }
    guard !text.isEmpty else { return .none }
    var found: [PeerID] = []
    for id in everybody.map(\.id) + others where id != own && !found.contains(id) {
      if id.description.hasSuffix(text) { found.append(id) }
    }
    switch found.count {
    case 0: return .none
    case 1: return .one(found[0])
    default: return .several(found)
    }
  }

  /// Whom a command means: `#garden` or a peer. Throws what to tell the person.
  func conversation(_ target: String, others: [PeerID] = []) throws(Mistake) -> Conversation {
    if target.hasPrefix("#") {
      let room = String(target.dropFirst())
      if room.isEmpty { throw Mistake("a room has a name: #garden") }
      return .room(room)
    }
    switch find(target, others: others) {
    case .one(own): throw Mistake("that is this node itself")
    case .one(let id): return .peer(id)
    case .none:
      throw Mistake(
        "nobody known here is called \(SafeText.line(target, bytesMax: 60)); /names lists everybody")
    case .several(let ids):
      let choice = ids.prefix(4).map(\.description).joined(separator: " or ")
      throw Mistake("that could be \(choice); write more of the PeerID")
    }
  }

  /// A line for each peer.
  func lines(nowMs: Int64) -> [String] {
    if everybody.isEmpty { return ["nobody is known yet"] }
    let lines = everybody.map { peer in
      let agent = peer.agent.map { " \(SafeText.line($0, bytesMax: 40))" } ?? ""
      return "\(peer.name)  \(peer.presence)\(seen(peer, nowMs))\(agent)"
    }
    return lines + ["\(online.count) online: \(count(.direct)) direct, \(count(.relayed)) relayed"]
  }

  private func seen(_ peer: Peer, _ nowMs: Int64) -> String {
    guard let lastSeenMs = peer.lastSeenMs else { return "" }
    let seconds = max(0, nowMs - lastSeenMs) / 1000
    switch seconds {
    case ..<120: return ", seen \(seconds) s ago"
    case ..<7200: return ", seen \(seconds / 60) min ago"
    default: return ", seen \(seconds / 3600) h ago"
    }
  }
}

/// What a person should have written instead.
struct Mistake: Error, Hashable {
  let text: String

  init(_ text: String) {
    self.text = text
  }
}
