import Connection
import DCUtR
import Identity
import SansIO
import Wire

/// One dial of an attempt to reach a peer directly that is connected through a relay.
struct PunchDial {
  let attempt: AttemptID
  let peer: PeerID
  let address: Multiaddr
  let role: Role
  /// For a responder: it becomes the initiator when nothing has been received for so long.
  let initiatesAfter: Duration?
  let source: DialSource
  /// Whether the other side dials at the same instant: then what is refused may be let in a moment later.
  let isMutual: Bool
  var redials = 0
}

// Dials of attempts: all addresses at once, in a role that does not depend on who dialled.
extension Node {
  // MARK: Beginning

  /// From the listening port, where the other side's packets go. Not if our router maps it differently to
  /// each: nobody knows where ours come from anyway, and from the listening port they would take the way that
  /// answers to theirs must go, which then come from where nobody asked (NetworkModel.HolePunch).
  func begin(_ punch: Punch) {
    let source: DialSource = nat.mapping == .addressDependent ? .freshPort : .listenPort
    for address in punch.addresses {
      start(
        PunchDial(
          attempt: punch.id, peer: punch.peer, address: address, role: punch.role,
          initiatesAfter: punch.initiatesAfter, source: source, isMutual: true))
    }
  }

  /// A plain dial, from a fresh port: its packets must not be those of the simultaneous open that may follow.
  func dial(_ peer: PeerID, at addresses: [Multiaddr], for attempt: AttemptID) {
    for address in addresses {
      start(
        PunchDial(
          attempt: attempt, peer: peer, address: address, role: .initiator, initiatesAfter: nil,
          source: .freshPort, isMutual: false))
    }
  }

  private func start(_ dial: PunchDial) {
    let id = DialID(rawValue: nextID())
    punchOfDial[id] = dial
    outputs.append(.dial(id, to: dial.address, from: dial.source))
  }

  // MARK: Dials' news

  /// TCP stands, by whoever's SYN.
  func punchConnected(_ id: DialID, local: Multiaddr, remote: Multiaddr) -> ConnectionID? {
    guard let dial = punchOfDial.removeValue(forKey: id), phase == .running else { return nil }
    if let refusal = admission.admitOutbound() {
      counters.count(refusal)
      settle(attempt: dial.attempt, .handshake)
      return nil
    }
    let connection = addConnection(
      .outbound, local: local, remote: remote, role: dial.role, effort: nil, expectedPeer: dial.peer,
      openedAt: now)
    entries[connection]?.punch = dial
    if let patience = dial.initiatesAfter { deadlines.set(.speakUp(connection), to: now + patience) }
    upgrader?.tcpConnected(dial.attempt, at: now)
    pumpUpgrades()
    return connection
  }

  /// Refused is not final while the other side may still be about to dial: a router that rejects does so
  /// until its own side's packet has left.
  func punchDialFailed(_ id: DialID, _ problem: DialProblem) {
    guard var dial = punchOfDial.removeValue(forKey: id) else { return }
    let limits = configuration.limits
    if problem == .refused, dial.isMutual, dial.redials < limits.redialsMax, phase == .running {
      dial.redials += 1
      let again = DialID(rawValue: nextID())
      punchOfDial[again] = dial
      let timeouts = configuration.timeouts
      let jitter = generator.duration(upTo: timeouts.redialMax - timeouts.redialMin)
      return deadlines.set(.redial(again), to: now + timeouts.redialMin + jitter)
    }
    settle(attempt: dial.attempt, DialFailure(problem))
  }

  func redial(_ id: DialID) {
    guard let dial = punchOfDial[id] else { return }
    outputs.append(.dial(id, to: dial.address, from: dial.source))
  }

  /// A connection of an attempt ended before it was established.
  func punchEnded(_ entry: ConnectionEntry, _ error: NodeError) {
    guard let punch = entry.punch else { return }
    entry.punch = nil
    if case .wrongPeer = error {
      settle(attempt: punch.attempt, .wrongPeer)
    } else {
      settle(attempt: punch.attempt, .handshake)
    }
  }

  /// With its last dial an attempt has failed; what that met is the reason.
  private func settle(attempt: AttemptID, _ failure: DialFailure) {
    let isOpen =
      punchOfDial.values.contains { $0.attempt == attempt }
      || entries.values.contains { $0.punch?.attempt == attempt && !$0.isClosing }
    guard !isOpen else { return }
    upgrader?.punchFailed(attempt, failure, at: now)
    pumpUpgrades()
  }

  // MARK: Ending

  /// An attempt is over: its other dials and connections go.
  func endPunch(_ attempt: AttemptID, except kept: ConnectionID?) {
    for id in punchOfDial.keys.sorted() where punchOfDial[id]?.attempt == attempt {
      punchOfDial[id] = nil
      deadlines.set(.redial(id), to: nil)
      outputs.append(.cancelDial(id))
    }
    for id in entries.keys.sorted() where id != kept {
      guard let entry = entries[id], entry.punch?.attempt == attempt else { continue }
      entry.punch = nil
      drop(entry, .closed("another connection to this peer was faster"))
    }
  }

  // MARK: Roles

  /// Nobody has proposed anything: the other side is a responder, too, and one of the two must speak first.
  /// Go sends its header unasked, so that may have been exchanged.
  func speakUp(_ id: ConnectionID) {
    guard let entry = entries[id], case .upgrading = entry.phase, let silence = entry.connection.silence,
      let peer = entry.punch?.peer
    else { return }
    entry.connection = makeConnection(.initiator, isGreeted: silence == .greeted, to: peer)
    settle(entry)
  }
}

extension DialFailure {
  init(_ problem: DialProblem) {
    self =
      switch problem {
      case .refused: .rejected
      case .unreachable: .unreachable
      case .timedOut: .timedOut
      case .other: .unreachable
      }
  }
}
