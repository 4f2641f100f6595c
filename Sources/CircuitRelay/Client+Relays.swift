package import Identity
import OrderedCollections
package import SansIO
package import Wire

// Which relays there are, and what is heard of them.
extension Client {
  // MARK: Commands

  /// Names a relay, or changes what is known of one.
  /// - Parameters:
  ///   - addresses: where to connect to it.
  ///   - priority: smaller is wanted more: what a user configured before what was found.
  package mutating func addCandidate(
    _ relay: PeerID, at addresses: [Multiaddr], priority: Int = 0, now: Instant
  ) {
    self.now = now
    guard relay != own else { return }
    let usable = Array(addresses.filter { !$0.isCircuit }.prefix(configuration.addressesPerRelayMax))
    let rank = RelayState.Rank(priority: priority, draw: draw(for: relay), peer: relay)
    if relays[relay] != nil {
      relays[relay]?.rank = rank
      if !usable.isEmpty { relays[relay]?.addresses = usable }
    } else {
      relays[relay] = RelayState(rank: rank, addresses: usable)
      forgetLeastWanted()
    }
    // Not before the driver's next turn, so that of several named at once not the first ones are chosen.
    deadlines.tighten(.choice, to: now)
  }

  /// A number of this pair of client and relay (FNV-1a), different for every client.
  private func draw(for relay: PeerID) -> UInt64 {
    (own.bytes + relay.bytes).reduce(0xCBF2_9CE4_8422_2325) { ($0 ^ UInt64($1)) &* 0x0000_0100_0000_01B3 }
  }

  private mutating func forgetLeastWanted() {
    guard relays.count > configuration.candidatesMax else { return }
    let idle = relays.filter { $0.value.held == nil && !$0.value.isTrying }
    guard let last = idle.max(by: { $0.value.rank < $1.value.rank }) else { return }
    remove(last.key)
  }

  /// Takes a relay back; a reservation there is given up.
  package mutating func removeCandidate(_ relay: PeerID, at now: Instant) {
    self.now = now
    let wasHeld = relays[relay]?.held != nil
    remove(relay)
    if wasHeld {
      events.append(.reservation(relay, .released))
      announce()
      choose()
    }
  }

  private mutating func remove(_ relay: PeerID) {
    abandonAttempt(at: relay)
    for due in [Due.attempt(relay), .refresh(relay), .expiry(relay)] { deadlines.set(due, to: nil) }
    relays[relay] = nil
  }

  /// We woke up, or our addresses changed: what failed may work now, and what worked has to prove itself.
  package mutating func networkChanged(at now: Instant) {
    self.now = now
    for relay in relays.keys {
      let soon = now + generator.duration(upTo: configuration.failoverJitter)
      if relays[relay]?.held != nil {
        // A network that comes and goes shall not use up what the relay takes of us.
        let earliest = relays[relay]?.askedAt.map { $0 + configuration.refreshSpacing } ?? soon
        deadlines.set(.refresh(relay), to: max(soon, earliest))
      }
      relays[relay]?.failures = 0
      relays[relay]?.notBefore = soon
      deadlines.set(.attempt(relay), to: soon)
    }
  }

  // MARK: Inputs

  /// There is a direct connection to a peer.
  /// - Parameter address: where it leads to, when it is ours; a peer's own says nothing of where it listens.
  package mutating func peerConnected(_ peer: PeerID, at address: Multiaddr?, now: Instant) {
    self.now = now
    guard relays[peer] != nil else { return }
    relays[peer]?.isConnected = true
    if let address { relays[peer]?.connectedAddress = address }
    if case .connecting? = relays[peer]?.attempt { request(at: peer) }
  }

  /// The last direct connection to a peer is gone.
  package mutating func peerDisconnected(_ peer: PeerID, at now: Instant) {
    self.now = now
    guard relays[peer]?.isConnected == true else { return }
    relays[peer]?.isConnected = false
    relays[peer]?.connectedAddress = nil
    lose(peer, .disconnected)
  }

  package mutating func connectFailed(_ relay: PeerID, at now: Instant) {
    self.now = now
    if case .connecting? = relays[relay]?.attempt { attemptFailed(relay, .unreachable) }
  }

  /// The driver found a relay dead, before its connection closed.
  package mutating func relayLost(_ relay: PeerID, at now: Instant) {
    self.now = now
    relays[relay]?.isConnected = false
    lose(relay, .unresponsive)
  }

  // MARK: What is held

  /// Every relay that is known, the most wanted first.
  package var summaries: [RelaySummary] {
    ranked.compactMap { peer in relays[peer].map { RelaySummary(peer, $0) } }
  }

  /// Whether a connection to this peer is not to be closed for being idle.
  package func wantsConnection(to peer: PeerID) -> Bool {
    if let state = relays[peer], state.held != nil || state.isTrying { return true }
    return circuits.values.contains { $0.relay == peer }
  }

  /// Whether this peer was named as a relay.
  package func isCandidate(_ peer: PeerID) -> Bool { relays[peer] != nil }

  package var heldRelays: [PeerID] { ranked.filter { relays[$0]?.held != nil } }
  package func holdsReservation(at relay: PeerID) -> Bool { relays[relay]?.held != nil }
  /// Where we can be reached through relays now.
  package var addresses: [Multiaddr] { announced }

  var ranked: [PeerID] {
    relays.sorted { $0.value.rank < $1.value.rank }.map(\.key)
  }
}
