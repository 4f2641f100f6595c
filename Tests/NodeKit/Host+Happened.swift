import Chat
import CircuitRelay
package import DCUtR
package import Identity
package import Node
package import Presence
package import SansIO

/// What happened to it.
extension NodeNetwork.Host {
  package func failure(_ request: RequestID) -> NodeError? {
    if case .failed(let error) = answers[request] { error } else { nil }
  }

  package func connected(_ request: RequestID) -> ConnectionSummary? {
    if case .connected(let summary) = answers[request] { summary } else { nil }
  }

  package func stream(_ request: RequestID) -> StreamHandle? {
    if case .streamOpened(let handle, _) = answers[request] { handle } else { nil }
  }

  package var opened: [ConnectionSummary] {
    events.compactMap { if case .connectionOpened(let summary) = $0 { summary } else { nil } }
  }

  package var closedReasons: [String] {
    events.compactMap { if case .connectionClosed(_, let reason) = $0 { reason } else { nil } }
  }

  package var identified: [PeerSummary] {
    events.compactMap { if case .identified(let summary) = $0 { summary } else { nil } }
  }

  /// Who is there, as the last events about each say.
  package var online: [PeerID] {
    var online: Set<PeerID> = []
    for event in events {
      if case .peerOnline(let peer, _) = event { online.insert(peer) }
      if case .peerOffline(let peer, _, _) = event { online.remove(peer) }
    }
    return online.sorted()
  }

  package var reaped: [(peer: PeerID, silence: Duration)] {
    events.compactMap {
      if case .peerOffline(let peer, .reaped, let silence) = $0 { (peer, silence) } else { nil }
    }
  }

  package var departed: [PeerID] {
    events.compactMap { if case .peerOffline(let peer, .left, _) = $0 { peer } else { nil } }
  }

  package var reservations: [(relay: PeerID, text: String)] {
    events.compactMap { event in
      guard case .reservation(let relay, let state) = event else { return nil }
      return switch state {
      case .requested: (relay, "requested")
      case .accepted: (relay, "accepted")
      case .refused(let refusal): (relay, "refused: \(refusal)")
      case .lost(let loss): (relay, "lost: \(loss)")
      case .released: (relay, "released")
      }
    }
  }

  /// What attempts at a direct connection came to.
  package var punches: [(peer: PeerID, isSuccess: Bool, failure: DCUtR.Failure?)] {
    events.compactMap { event in
      guard case .upgrade(let outcome) = event else { return nil }
      return switch outcome.result {
      case .started: nil
      case .succeeded: (outcome.peer, true, nil)
      case .failed(let failure): (outcome.peer, false, failure)
      }
    }
  }

  package var hasDrained: Bool {
    events.contains { if case .drained = $0 { true } else { false } }
  }

  /// Of the messages it received.
  package var texts: [String] {
    events.compactMap { if case .messageReceived(let message) = $0 { message.text } else { nil } }
  }

  package var wasOfflineNever: Bool { reaped.isEmpty && departed.isEmpty }

  package var announcements: [Announcement] {
    events.compactMap { if case .announced(let announcement) = $0 { announcement } else { nil } }
  }
}
