import Connection
import Identity
import SansIO
import Wire

// Keeping the table of connections small, quiet and without doubles.
extension Node {
  /// Notes that a connection is in use.
  func touch(_ entry: ConnectionEntry) {
    entry.lastUse = now
    wake(entry)
  }

  /// Notes that something happens on a connection, useful or not.
  func wake(_ entry: ConnectionEntry) {
    entry.lastActivity = now
    guard entry.isQuiet else { return }
    entry.isQuiet = false
    deadlines.set(.housekeeping(entry.id), to: now + configuration.timeouts.quiet)
  }

  /// A connection that went quiet gives its buffers back; one that stays idle is closed.
  func keepHouse(_ id: ConnectionID) {
    guard let entry = entries[id], entry.peer != nil else { return }
    let quietAt = entry.lastActivity + configuration.timeouts.quiet
    guard quietAt <= now else { return deadlines.set(.housekeeping(id), to: quietAt) }
    if !entry.isQuiet {
      entry.isQuiet = true
      entry.connection.releaseIdleStorage()
    }
    let idleAt = entry.lastUse + configuration.timeouts.idle
    if entry.usefulStreamCount > 0 || isProtected(entry) {
      deadlines.set(.housekeeping(id), to: now + configuration.timeouts.idle)
    } else if idleAt <= now {
      drop(entry, .closed("idle"))
    } else {
      deadlines.set(.housekeeping(id), to: idleAt)
    }
  }

  // MARK: Doubles

  /// The connection new streams to a peer go to. Both ends choose the same one: one that the peer has
  /// answered on, then one that is known to be alive, then a direct one, then one that its relay will not cut
  /// soon, then the connection opened by the end with the smaller id, then the newest.
  func preferredConnection(to peer: PeerID) -> ConnectionEntry? {
    preferred(of: connections(to: peer), to: peer)
  }

  func preferred(of candidates: [ConnectionEntry], to peer: PeerID) -> ConnectionEntry? {
    let preferred: Direction = identity.peerID < peer ? .outbound : .inbound
    let best = candidates.map(\.preference).min()
    let equals = candidates.filter { $0.preference == best }
    return equals.last { $0.direction == preferred } ?? equals.last
  }

  /// A peer that connects anew may have lost the connections it had, after a move or a crash, and nobody has
  /// told us. Whether they are alive shows within a round trip.
  func doubtConnections(to peer: PeerID) {
    for entry in connections(to: peer) {
      entry.isDoubted = true
      entry.connection.ping(at: now)
      settle(entry)
    }
  }

  func believe(_ entry: ConnectionEntry) {
    entry.isDoubted = false
    if let peer = entry.peer { scheduleDuplicates(of: peer) }
  }

  /// Established ones, oldest first, and none that is about to be forgotten.
  func connections(to peer: PeerID) -> [ConnectionEntry] {
    (peerEntries[peer]?.connections ?? []).compactMap { entries[$0] }.filter { !$0.isClosing }
  }

  /// After a second connection to the same peer: the ones not preferred go once nothing runs on them.
  func scheduleDuplicates(of peer: PeerID) {
    guard let ids = peerEntries[peer]?.connections, ids.count > 1 else { return }
    let kept = preferredConnection(to: peer)?.id
    for id in ids where id != kept {
      let isReserve = entries[id].map { $0.isRelayed && !$0.isEnding } ?? false
      let timeouts = configuration.timeouts
      deadlines.set(.duplicate(id), to: now + (isReserve ? timeouts.circuitGrace : timeouts.duplicateGrace))
    }
    moveGossip(of: peer)
    moveDirect(of: peer)
  }

  func closeDuplicate(_ id: ConnectionID) {
    guard let entry = entries[id], let peer = entry.peer else { return }
    guard preferredConnection(to: peer)?.id != id else { return }
    if entry.boundStreamCount == 0 {
      drop(entry, .closed("duplicate of another connection to this peer"))
    } else {
      deadlines.set(.duplicate(id), to: now + configuration.timeouts.duplicateGrace)
    }
  }

  // MARK: Too many

  /// Above the high water mark, closes the least useful connections down to the low one: without streams
  /// first, then longest unused. New ones and those to bootstrap peers stay.
  func trimConnections() {
    let limits = configuration.limits
    let established = entries.values.filter { $0.peer != nil }
    guard established.count > limits.connectionsHighWater else { return }
    let candidates = established.filter { entry in
      entry.openedAt + configuration.timeouts.trimGrace <= now && !isProtected(entry)
    }
    let order = candidates.sorted { left, right in
      let (leftUse, rightUse) = (min(left.usefulStreamCount, 1), min(right.usefulStreamCount, 1))
      return (leftUse, left.lastUse, left.id) < (rightUse, right.lastUse, right.id)
    }
    for entry in order.prefix(established.count - limits.connectionsLowWater) {
      counters.connectionsTrimmed += 1
      drop(entry, .closed("trimmed: more than \(limits.connectionsHighWater) connections"))
    }
  }

  private func isProtected(_ entry: ConnectionEntry) -> Bool {
    guard let peer = entry.peer else { return false }
    return bootstrapRetries[peer] != nil || isNeededForRelaying(peer)
  }

  /// Above the memory limit, closes the connection that holds most: also one that is closing already and
  /// holds bytes its peer does not take, or others would go for it. False when none holds anything.
  func relieveMemory() -> Bool {
    let heaviest = entries.values.max { ($0.countedBytes, $1.id) < ($1.countedBytes, $0.id) }
    guard let heaviest, heaviest.countedBytes > 0 else { return false }
    counters.connectionsOverMemory += 1
    heaviest.connection.abort()
    drop(heaviest, .refused(.limit("buffered bytes of all connections")))
    settle(heaviest)
    return true
  }

  func expireBook() {
    book.expire(at: now)
    deadlines.set(.book, to: now + configuration.timeouts.addressLifetime)
  }
}
