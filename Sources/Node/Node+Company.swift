import Identity
import SansIO
import Wire

// Whom the node wants to be connected with though nobody asked for it: those that a link tells of, and some
// of those that are present behind a relay.
extension Node {
  /// A neighbour is somebody to be connected with. One end dials and the other waits a moment, so that there
  /// is one connection and not two.
  func discovered(_ peer: PeerID, at addresses: [Multiaddr]) {
    companions[peer] = Companion(addresses: addresses, isOnLink: true)
    resetRetry(of: peer)
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
    guard relayClient != nil, companions[peer] == nil, peerEntries[peer] == nil else { return }
    companions[peer] = Companion(addresses: [], isOnLink: false)
    resetRetry(of: peer)
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
    guard let companion = companions[peer] else { return }
    let limits = configuration.limits
    let isRoom =
      companion.isOnLink ? peerEntries.count < limits.neighboursMax : acquaintances < limits.acquaintancesMax
    if isRoom { keepConnected(peer, at: companion.addresses) }
  }

  /// Connected peers that are present and not on a link of ours, and those being reached.
  private var acquaintances: Int {
    companions.count { peer, companion in
      !companion.isOnLink && (peerEntries[peer] != nil || effortOfPeer[peer] != nil)
    }
  }

  /// It was reached: the next loss is news. A link that was down fills with everybody's dials at once, so
  /// these wait; a relay that is gone is replaced by another one at once.
  func resetRetry(of peer: PeerID) {
    guard let companion = companions[peer] else { return }
    let timeouts = configuration.timeouts
    companions[peer]?.retryWait =
      companion.isOnLink ? timeouts.bootstrapRetryFirst : timeouts.companionRetryFirst
  }

  /// A companion is gone or was not reached. As long as it is said to be there, it is tried again: later each
  /// time, and spread.
  func companionLost(_ peer: PeerID) {
    guard phase == .running, let wait = companions[peer]?.retryWait else { return }
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
}
