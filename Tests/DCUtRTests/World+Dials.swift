// What the network, and the handshake's roles, make of dials.

import DCUtR
import SansIO
import Wire

extension World {
  func dial(_ punch: Punch, by end: End) {
    end.dialled.append((now, punch))
    end.live = punch
    switch path {
    case .none: break
    case .rejecting:
      after(directDelay * 2) { [self] in fail(punch.id, .rejected, at: end) }
    case .onlyDial(let side):
      guard side == end.side else { return }
      after(directDelay * 2) { [self] in
        guard end.live?.id == punch.id else { return }
        end.machine.tcpConnected(punch.id, at: now)
        // The other one has accepted, and is a responder who waits.
        shakeHands(end, role(end, punch), nil)
      }
    case .simultaneous:
      guard let theirs = other(end).live else { return }
      after(directDelay) { [self] in
        let far = other(end)
        guard end.live?.id == punch.id, far.live?.id == theirs.id else { return }
        end.machine.tcpConnected(punch.id, at: now)
        far.machine.tcpConnected(theirs.id, at: now)
        shakeHands(end, role(end, punch), (far, role(far, theirs)))
      }
    }
  }

  private func role(_ end: End, _ punch: Punch) -> (Role, Duration?) {
    switch end.kind {
    case .ours: (punch.role, punch.initiatesAfter)
    case .oldGo: (end.side == .starting ? .initiator : .responder, nil)
    case .rust: (end.side == .starting ? .responder : .initiator, nil)
    }
  }

  /// Three flights when the roles are two. Two initiators fail at once; of two responders one loses patience
  /// first, or none does.
  private func shakeHands(_ end: End, _ near: (Role, Duration?), _ peer: (end: End, role: (Role, Duration?))?)
  {
    let far: (Role, Duration?) = peer?.role ?? (.responder, nil)
    let flights = directDelay * 3
    switch (near.0, far.0) {
    case (.initiator, .responder), (.responder, .initiator):
      stand(end, near.0, peer.map { ($0.end, far.0) }, after: flights)
    case (.initiator, .initiator):
      for side in [end, peer?.end].compactMap({ $0 }) {
        guard let id = side.live?.id else { continue }
        after(directDelay * 2) { [self] in fail(id, .handshake, at: side) }
      }
    case (.responder, .responder):
      let isNearFirst = (near.1 ?? .seconds(1000)) <= (far.1 ?? .seconds(1000))
      guard let patience = isNearFirst ? near.1 : far.1 else { return }
      let (nearRole, farRole): (Role, Role) =
        isNearFirst ? (.initiator, .responder) : (.responder, .initiator)
      stand(end, nearRole, peer.map { ($0.end, farRole) }, after: patience + flights)
    }
  }

  private func stand(_ end: End, _ role: Role, _ peer: (end: End, role: Role)?, after delay: Duration) {
    let (nearID, farID) = (end.live?.id, peer?.end.live?.id)
    after(delay) { [self] in
      guard end.live?.id == nearID, peer?.end.live?.id == farID else { return }
      let far = other(end)
      (end.isDirect, far.isDirect) = (true, true)
      for (side, id, role) in [(end, nearID, role), (far, farID, peer?.role)] {
        if let id, let role { side.machine.punched(id, as: role, at: now) }
        side.machine.directConnected(other(side).peer, at: now)
        side.live = nil
      }
    }
  }

  private func fail(_ id: AttemptID, _ failure: DialFailure, at end: End) {
    guard end.live?.id == id else { return }
    end.live = nil
    end.machine.punchFailed(id, failure, at: now)
  }
}
