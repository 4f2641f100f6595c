import Chat
import Connection
import Identity
package import SansIO
package import Wire

/// One effort to reach a peer, and the commands that wait for it.
struct DialEffort {
  var dial: PeerDial
  var waiters: [Command]
}

/// Identifies an effort within its node.
struct DialEffortID: Hashable {
  let rawValue: UInt64
}

// Reaching peers: a `PeerDial` decides what to try when, the node carries it out.
extension Node {
  // MARK: Inputs

  /// A dial's socket is open. Nil: the attempt is no longer wanted; close the socket.
  package func dialed(
    _ id: DialID, local: Multiaddr, remote: Multiaddr, at now: Instant
  ) -> ConnectionID? {
    self.now = now
    if punchOfDial[id] != nil { return punchConnected(id, local: local, remote: remote) }
    if dialBackOfDial[id] != nil { return dialBackConnected(id, local: local, remote: remote) }
    return connected(id, local: local, remote: remote, transport: .socket)
  }

  /// A dial has become a connection, over whatever carries it. Nil: it is no longer wanted.
  func connected(
    _ id: DialID, local: Multiaddr, remote: Multiaddr, transport: ConnectionEntry.Transport
  ) -> ConnectionID? {
    guard let effortID = effortOfDial.removeValue(forKey: id), let effort = efforts[effortID] else {
      return nil
    }
    if let refusal = admission.admitOutbound() {
      counters.count(refusal)
      efforts[effortID]?.dial.failed(id, reason: refusal.rawValue, at: now)
      driveEffort(effortID)
      return nil
    }
    let connection = addConnection(
      .outbound, local: local, remote: remote, transport: transport, effort: effortID,
      expectedPeer: effort.dial.expectedPeer, openedAt: effort.dial.startedAt)
    efforts[effortID]?.dial.connected(id, as: connection)
    driveEffort(effortID)
    return connection
  }

  package func dialFailed(
    _ id: DialID, reason: String, problem: DialProblem = .other, at now: Instant
  ) {
    self.now = now
    counters.dialsFailed += 1
    if punchOfDial[id] != nil { return punchDialFailed(id, problem) }
    if dialBackOfDial[id] != nil { return dialBackFailed(id) }
    guard let effortID = effortOfDial.removeValue(forKey: id) else { return }
    efforts[effortID]?.dial.failed(id, reason: reason, at: now)
    driveEffort(effortID)
  }

  package func resolved(_ id: ResolutionID, _ answer: ResolutionAnswer, at now: Instant) {
    self.now = now
    guard let effortID = effortOfResolution.removeValue(forKey: id) else { return }
    efforts[effortID]?.dial.resolved(id, answer, at: now)
    driveEffort(effortID)
  }

  // MARK: Efforts

  /// Starts reaching `peer`, or joins the effort that is under way, and remembers the command that waits for
  /// it.
  func reach(_ peer: PeerID?, at addresses: [Multiaddr], then command: Command) {
    let effortID: DialEffortID
    if let peer, let running = effortOfPeer[peer] {
      effortID = running
    } else {
      effortID = DialEffortID(rawValue: nextID())
      let dial = PeerDial(
        expectedPeer: peer, limits: configuration.limits, timeouts: configuration.timeouts, now: now)
      efforts[effortID] = DialEffort(dial: dial, waiters: [])
      if let peer { effortOfPeer[peer] = effortID }
    }
    efforts[effortID]?.waiters.append(command)
    for address in addresses { efforts[effortID]?.dial.add(address) }
    driveEffort(effortID)
  }

  /// Carries out what an effort wants now and sets its next deadline.
  func driveEffort(_ id: DialEffortID) {
    guard let expiry = efforts[id]?.dial.expiry else { return }
    guard expiry > now else { return endEffort(id, .failed(nil)) }
    while let action = efforts[id]?.dial.nextAction(at: now) {
      switch action {
      case .dial(let address):
        guard effortOfDial.count < configuration.limits.dialsMax else {
          efforts[id]?.dial.postpone(address, until: now + configuration.timeouts.dialStagger)
          continue
        }
        let dial = DialID(rawValue: nextID())
        effortOfDial[dial] = id
        efforts[id]?.dial.started(address, as: dial, at: now)
        start(dial, to: address)
      case .resolve(let resolution):
        let question = ResolutionID(rawValue: nextID())
        effortOfResolution[question] = id
        efforts[id]?.dial.asked(as: question)
        outputs.append(.resolve(question, resolution))
      case .giveUp:
        return endEffort(id, .failed(nil))
      }
    }
    deadlines.set(.effort(id), to: efforts[id]?.dial.deadline)
  }

  private enum EffortOutcome {
    /// By itself, for the reason it gives, or for the node's.
    case failed(NodeError?)
    case connected(ConnectionEntry)
  }

  /// Gives an effort up because the node stops.
  func abandonEffort(_ id: DialEffortID, _ error: NodeError) { endEffort(id, .failed(error)) }

  private func endEffort(_ id: DialEffortID, _ outcome: EffortOutcome) {
    guard let effort = efforts.removeValue(forKey: id) else { return }
    deadlines.set(.effort(id), to: nil)
    if let peer = effort.dial.expectedPeer { effortOfPeer[peer] = nil }
    for dial in effort.dial.dials {
      effortOfDial[dial] = nil
      cancel(dial)
    }
    for question in effort.dial.resolutions { effortOfResolution[question] = nil }
    switch outcome {
    case .connected(let entry):
      for command in effort.waiters { perform(command, on: entry) }
    case .failed(let reason):
      // Attempts still upgrading lost their race against the clock.
      for connection in effort.dial.connections {
        if let entry = entries[connection] { drop(entry, .closed("dial gave up")) }
      }
      let error = reason ?? effort.dial.error(at: now)
      for command in effort.waiters { fail(command, error) }
      if let peer = effort.dial.expectedPeer { tryAgainLater(peer) }
    }
  }

  /// Those that belong to no effort.
  func cancelOtherDials() {
    for id in (Array(punchOfDial.keys) + dialBackOfDial.keys).sorted() { outputs.append(.cancelDial(id)) }
    punchOfDial = [:]
    dialBackOfDial = [:]
  }

  // MARK: Connections' news

  /// A connection is established: whoever waited for its peer goes on.
  ///
  /// Attempts of the same effort that are already upgrading go on too. Cutting them could leave both ends
  /// with nothing when both dialled at once; doubles are sorted out when they are there.
  func connectionEstablished(_ entry: ConnectionEntry, with peer: PeerID) {
    if let own = entry.effort { endEffort(own, .connected(entry)) }
    if let waiting = effortOfPeer[peer] { endEffort(waiting, .connected(entry)) }
    entry.effort = nil
    deadlines.set(.bootstrap(peer), to: nil)
    if bootstrapRetries[peer] != nil { bootstrapRetries[peer] = configuration.timeouts.bootstrapRetryFirst }
    companionReached(peer)
  }

  /// A connection ended before it was established: its effort tries something else.
  func connectionFailed(_ entry: ConnectionEntry, _ error: NodeError) {
    punchEnded(entry, error)
    dialBackEnded(entry)
    guard let id = entry.effort else { return }
    entry.effort = nil
    efforts[id]?.dial.failed(entry.id, error, at: now)
    driveEffort(id)
  }

  // MARK: Bootstrap

  /// Dials the bootstrap peers once the node runs; from then on each is kept connected.
  func startBootstrap() {
    for address in configuration.bootstrap {
      guard let peer = address.peerID, peer != identity.peerID, let place = address.withoutPeer else {
        continue
      }
      book.add([place], of: peer, lifetime: .seconds(.max / 2), at: now)
      bootstrapRetries[peer] = configuration.timeouts.bootstrapRetryFirst
      deadlines.set(.bootstrap(peer), to: now)
    }
  }

  func retryBootstrap(_ peer: PeerID) {
    guard phase == .running, peerEntries[peer] == nil, effortOfPeer[peer] == nil else { return }
    // The configured places first: in the book a peer's own record may have replaced them, and has expired
    // since.
    let configured = configuration.bootstrap.filter { $0.peerID == peer }.compactMap(\.withoutPeer)
    reach(peer, at: configured + book.addresses(of: peer, at: now), then: .keepConnected)
  }

  /// The last connection to a peer is gone.
  func peerLost(_ peer: PeerID) {
    gossipPeerLost(peer)
    chat?.disconnected(peer, at: now)
    pumpChat()
    tryAgainLater(peer)
  }

  /// Those the node wants to be connected with are tried again.
  private func tryAgainLater(_ peer: PeerID) {
    scheduleBootstrap(peer)
    companionLost(peer)
  }

  /// Connects to a peer because the node itself has a use for it, if it is known where it is.
  func keepConnected(_ peer: PeerID, at places: [Multiaddr] = []) {
    guard phase == .running, peerEntries[peer] == nil, effortOfPeer[peer] == nil else { return }
    let addresses = places + knownAddresses(of: peer)
    if !addresses.isEmpty { reach(peer, at: addresses, then: .keepConnected) }
  }

  /// Sets the next try for a lost bootstrap peer: doubling, with jitter so that a crowd does not return at
  /// once.
  private func scheduleBootstrap(_ peer: PeerID) {
    guard phase == .running, let wait = bootstrapRetries[peer] else { return }
    let jitter = generator.duration(upTo: wait)
    deadlines.set(.bootstrap(peer), to: now + wait + jitter)
    bootstrapRetries[peer] = min(wait * 2, configuration.timeouts.bootstrapRetryLast)
  }
}
