package import Identity
package import SansIO

import OrderedCollections

// The others: who shows life, who is silent, who left.
extension Machine {
  // MARK: Inputs

  /// A message of the chat topic was accepted: signed by `author`, valid, not seen before.
  package mutating func accepted(
    _ announcement: Announcement?, from author: PeerID, sequence: UInt64, at now: Instant
  ) {
    self.now = now
    guard author != own else { return }
    guard takeSequence(sequence, of: author) else { return }
    switch announcement {
    case .presence: showLife(of: author, via: .presence)
    case .welcome:
      showLife(of: author, via: .welcome)
      welcome?.othersSeen += 1
    case .refresh: showLife(of: author, via: .refresh)
    case nil: showLife(of: author, via: .message)
    }
    if let announcement, configuration.answered.contains(announcement) { answer() }
  }

  /// A LEAVE was accepted. A replayed one takes nobody away: its number is not new.
  package mutating func left(_ author: PeerID, sequence: UInt64, at now: Instant) {
    self.now = now
    guard author != own, peers[author] != nil, takeSequence(sequence, of: author) else { return }
    goOffline(author, .left)
  }

  /// A connection was opened. Life, if the peer has ever said something on the topic; a relay never has.
  package mutating func connected(_ peer: PeerID, at now: Instant) {
    self.now = now
    guard peers[peer] != nil else { return }
    showLife(of: peer, via: .connection)
  }

  // MARK: Life

  /// True when the number is new, which it then no longer is.
  private mutating func takeSequence(_ sequence: UInt64, of author: PeerID) -> Bool {
    if let known = peers[author] {
      guard sequence > known.sequence else {
        counters.staleMessages += 1
        return false
      }
    } else {
      guard makeRoom() else {
        counters.ignoredAuthors += 1
        return false
      }
      peers[author] = Peer(isOnline: false, lastLife: nil, sequence: sequence)
    }
    peers[author]?.sequence = sequence
    events.append(.remember(author, sequence: sequence))
    return true
  }

  private mutating func showLife(of peer: PeerID, via life: Life) {
    guard peers[peer] != nil else { return }
    peers[peer]?.lastLife = now
    guard peers[peer]?.isOnline == false else { return }
    peers[peer]?.isOnline = true
    moveToEnd(peer)
    onlineCount += 1
    events.append(.online(peer, via: life))
  }

  private mutating func goOffline(_ peer: PeerID, _ reason: OfflineReason) {
    guard let known = peers[peer], known.isOnline else { return }
    peers[peer]?.isOnline = false
    moveToEnd(peer)
    onlineCount -= 1
    events.append(.offline(peer, reason, silence: now - (known.lastLife ?? now)))
  }

  /// Takes the silent away.
  mutating func reap() {
    let silent = peers.filter { $0.value.isOnline && isSilent($0.value) }
    for peer in silent.keys { goOffline(peer, .reaped) }
  }

  private func isSilent(_ peer: Peer) -> Bool {
    peer.lastLife.map { now - $0 > configuration.silenceLimit } ?? false
  }

  private mutating func moveToEnd(_ peer: PeerID) {
    guard let known = peers.removeValue(forKey: peer) else { return }
    peers[peer] = known
  }

  private mutating func makeRoom() -> Bool {
    guard peers.count >= configuration.peersMax else { return true }
    guard let forgotten = peers.elements.firstIndex(where: { !$0.value.isOnline }) else { return false }
    peers.remove(at: forgotten)
    return true
  }
}
