import Identity
import SansIO
import Wire

// Whom the node wants to be connected with though nobody asked for it: those that a link tells of, and some
// of those that are present behind a relay.
extension Node {
  /// A neighbour is somebody to be connected with. One end dials and the other waits a moment, so that there
  /// is one connection and not two.
  func discovered(_ peer: PeerID, at addresses: [Multiaddr]) {
    welcome(peer, Companion(addresses: addresses, isOnLink: true))
    if identity.peerID < peer {
      approach(peer)
    } else if peerEntries[peer] == nil {
      deadlines.set(.companion(peer), to: now + configuration.timeouts.neighbourPatience)
    }
  }

  /// Somebody is present and may be behind one of our relays: with a connection of our own messages need not
  /// go through the relay's gossip, and it may become a direct one. Not at once, since a newcomer hears of
  /// everybody in the same moment.
  func acquainted(with peer: PeerID) {
    guard relayClient != nil, companions[peer] == nil else { return }
    welcome(peer, Companion(addresses: [], isOnLink: false))
    // It is there already; should it be lost, it is a loss.
    guard peerEntries[peer] == nil else { return companionReached(peer) }
    let patience = identity.peerID < peer ? .zero : configuration.timeouts.companionPatience
    let jitter = generator.duration(upTo: configuration.timeouts.companionJitter)
    deadlines.set(.companion(peer), to: now + patience + jitter)
  }

  /// Somebody is not present any more, or its link has not told of it for long.
  func forgetCompanion(_ peer: PeerID) {
    companions[peer] = nil
    deadlines.set(.companion(peer), to: nil)
  }

  func companionLeft(_ peer: PeerID) {
    if companions[peer]?.isOnLink == false { forgetCompanion(peer) }
  }

  /// Dials a companion, unless so many peers are connected that it may as well come to us.
  func approach(_ peer: PeerID) {
    guard let companion = companions[peer], peerEntries[peer] == nil, effortOfPeer[peer] == nil else {
      return
    }
    let limits = configuration.limits
    if companion.isOnLink {
      if peerEntries.count < limits.neighboursMax { keepConnected(peer, at: companion.addresses) }
    } else if acquaintanceCount < limits.acquaintancesMax {
      // Before the first reservation there is nowhere to look for it.
      guard !knownAddresses(of: peer).isEmpty else { return companionLost(peer) }
      guard approaches.take(at: now) else {
        counters.approachesLimited += 1
        return companionLost(peer)
      }
      keepConnected(peer)
    }
  }

  /// Connected peers that are present and not on a link of ours, and those being reached. Counted from what
  /// is connected, for thousands may be present.
  private var acquaintanceCount: Int {
    Set(peerEntries.keys).union(effortOfPeer.keys).count { companions[$0]?.isOnLink == false }
  }

  private func welcome(_ peer: PeerID, _ companion: Companion) {
    companions[peer] = companion
    companions[peer]?.retryWait = firstRetry(of: companion)
  }

  /// A link that was down fills with everybody's dials at once, so these wait; a relay that is gone is
  /// replaced by another one at once.
  private func firstRetry(of companion: Companion) -> Duration {
    let timeouts = configuration.timeouts
    return companion.isOnLink ? timeouts.bootstrapRetryFirst : timeouts.companionRetryFirst
  }

  /// A connection to it stands.
  func companionReached(_ peer: PeerID) { companions[peer]?.reachedAt = now }

  /// A companion is gone or was not reached. As long as it is said to be there, it is tried again: later each
  /// time, and spread. Only what held for a while makes the next loss news, or a relay that cuts its circuits
  /// at once would be asked for them without end.
  func companionLost(_ peer: PeerID) {
    guard phase == .running, let companion = companions[peer] else { return }
    let isNews = companion.reachedAt.map { now - $0 >= configuration.timeouts.companionSteady } ?? false
    let wait = isNews ? firstRetry(of: companion) : companion.retryWait
    companions[peer]?.reachedAt = nil
    companions[peer]?.retryWait = min(wait * 2, configuration.timeouts.bootstrapRetryLast)
    deadlines.set(.companion(peer), to: now + wait + generator.duration(upTo: wait))
  }
}

/// Somebody to be connected with. As many as discovery and presence keep.
struct Companion {
  let addresses: [Multiaddr]
  /// A link tells of it; else its presence does.
  let isOnLink: Bool
  /// Before the next attempt; doubles until one succeeds.
  var retryWait: Duration = .zero
  /// When the connection that there is was made, or the last one since a loss.
  var reachedAt: Instant?
}
