import AutoNAT
import Chat
import CircuitRelay
import Connection
import DCUtR
import Identify
package import Identity
import OrderedCollections
import Presence
package import SansIO
package import Wire

// Identify: asked once a connection, pushed when what we say changes (libp2p specs, identify/README).
extension Node {
  // MARK: Asking

  func startIdentify(on entry: ConnectionEntry) {
    let machine = IdentifyHearing(Receiver(at: now, timeout: configuration.timeouts.identify))
    do throws(NodeError) {
      try open(StreamSlot(.identify, .identifying, machine), on: entry)
    } catch {
      finishIdentify(of: entry, .failed(error))
    }
  }

  func awaitIdentify(_ request: RequestID, on entry: ConnectionEntry) {
    switch entry.identify {
    case .pending: entry.identifyWaiters.append(request)
    case .failed(let error): answer(request, .failed(error))
    case .done: if let peer = entry.peer { answer(request, .identified(summary(of: peer))) }
    }
  }

  /// A peer spoke of itself, asked or not. What contradicts its proven identity is dropped whole.
  func described(by message: Identify.Message, on entry: ConnectionEntry) {
    guard let peer = entry.peer, var description = peerEntries[peer]?.description else { return }
    do throws(IdentifyError) {
      let record = try message.apply(to: &description, isRelayed: entry.isRelayed)
      if case .rejected = record { counters.recordsRejected += 1 }
    } catch {
      counters.identifyRejected += 1
      return finishIdentify(of: entry, .failed(.protocolViolation("identify: \(error)")))
    }
    peerEntries[peer]?.description = description
    remember(description)
    if let observed = message.observedAddr, leavesFromListenPort(entry) {
      observations.note(
        observed, by: peer, from: entry.remote, weDialled: entry.direction == .outbound)
    }
    outputs.append(.event(.identified(summary(of: peer))))
    finishIdentify(of: entry, .done)
    identifiedForGossip(peer)
    describedForUpgrade(peer)
    describedForReachability(peer, on: entry)
    scheduleDuplicates(of: peer)
    rememberForReturn(peer)
    pushIfStale(on: entry)
  }

  /// What a peer sees of us is where others reach us only on a connection from or to a port we listen on.
  private func leavesFromListenPort(_ entry: ConnectionEntry) -> Bool {
    guard !entry.isRelayed, let port = entry.local.tcpEndpoint?.port else { return false }
    return listeners.contains { $0.tcpEndpoint?.port == port }
  }

  /// Settles the connection's identify and answers who waited for it. Only the first outcome counts.
  func finishIdentify(of entry: ConnectionEntry, _ outcome: ConnectionEntry.IdentifyProgress) {
    guard case .pending = entry.identify else { return }
    entry.identify = outcome
    let waiters = entry.identifyWaiters
    entry.identifyWaiters = []
    for request in waiters {
      switch outcome {
      case .failed(let error): answer(request, .failed(error))
      case .done, .pending: if let peer = entry.peer { answer(request, .identified(summary(of: peer))) }
      }
    }
  }

  func remember(_ description: PeerDescription) {
    let lifetime = configuration.timeouts.addressLifetime
    if let sequence = description.recordSequence {
      _ = book.replace(
        with: description.listenAddrs, signedAs: sequence, of: description.peer, lifetime: lifetime, at: now)
    } else {
      book.add(description.listenAddrs, of: description.peer, lifetime: lifetime, at: now)
    }
  }

  /// A peer to gossip with is worth dialling again after a restart.
  private func rememberForReturn(_ peer: PeerID) {
    guard gossipStreams[peer] != nil else { return }
    let addresses = Array(book.addresses(of: peer, at: now).prefix(configuration.limits.returnAddressesMax))
    let nowMs = nowMs
    if !addresses.isEmpty { chat?.remember(peer: peer, addresses: addresses, seenMs: nowMs, at: now) }
    pumpChat()
  }

  // MARK: Answering

  /// What we say of ourselves on a connection.
  func identifyMessage(for entry: ConnectionEntry) -> Identify.Message {
    let addresses = announcedAddresses
    entry.toldSequence = recordSequence
    return Identify.Message(
      publicKey: identity.publicKey.protobuf, listenAddrs: addresses, protocols: protocols,
      observedAddr: entry.remote, protocolVersion: configuration.protocolVersion,
      agentVersion: configuration.agent,
      signedPeerRecord: PeerRecord(
        peerID: identity.peerID, sequence: recordSequence, addresses: addresses
      ).sealed(by: identity))
  }

  /// Addresses to tell others: what was configured first, then where the node listens.
  var announcedAddresses: [Multiaddr] {
    var seen: Set<Multiaddr> = []
    let relayed = relayClient?.addresses ?? []
    let confirmed = reachabilityClient?.confirmedAddresses ?? []
    return (configuration.announce + confirmed + listeners + relayed).filter { seen.insert($0).inserted }
  }

  // MARK: Pushing

  /// What we say of ourselves has changed: peers that take pushes are told.
  func announceChange() {
    recordSequence += 1
    addressesChanged()
    for id in entries.keys.sorted() { if let entry = entries[id] { pushIfStale(on: entry) } }
  }

  /// Tells a peer that has heard something older, once it is known to take pushes.
  private func pushIfStale(on entry: ConnectionEntry) {
    guard let told = entry.toldSequence, told < recordSequence, let peer = entry.peer,
      preferredConnection(to: peer) === entry,
      peerEntries[peer]?.description.protocols.contains(.identifyPush) ?? false,
      let machine = IdentifySaying(
        identifyMessage(for: entry), at: now, timeout: configuration.timeouts.identify)
    else { return }
    // A peer without room for the stream learns it with its next identify.
    try? open(StreamSlot(.identifyPush, .pushing, machine), on: entry)
    settle(entry)
  }

  func acceptPush(from peer: PeerID) -> StreamSlot? {
    guard pushLimiter.allowsPush(from: peer, at: now) else {
      counters.pushesLimited += 1
      return nil
    }
    let receiver = Receiver(at: now, timeout: configuration.timeouts.identify)
    return StreamSlot(.identifyPush, .pushing, IdentifyHearing(receiver))
  }

  // MARK: Listening

  /// A listener is bound to this concrete address.
  package func listening(on address: Multiaddr, at now: Instant) {
    self.now = now
    guard listeners.append(address).inserted else { return }
    outputs.append(.event(.listening(address)))
    announceChange()
  }

  package func stoppedListening(on address: Multiaddr, at now: Instant) {
    self.now = now
    guard listeners.remove(address) != nil else { return }
    announceChange()
  }

  // MARK: Telling

  /// What is known of a peer.
  package func summary(of peer: PeerID) -> PeerSummary {
    let description = peerEntries[peer]?.description
    let connection = preferredConnection(to: peer)
    let known = book.addresses(of: peer, at: now)
    return PeerSummary(
      peer: peer, isConnected: connection != nil, path: connection.map { $0.isRelayed ? .relayed : .direct },
      addresses: known.isEmpty ? connection.map { [$0.remote] } ?? [] : known,
      roundTrip: connection?.roundTrip, agent: description?.agentVersion,
      protocolVersion: description?.protocolVersion, protocols: description?.protocols ?? [],
      observedAddress: description?.observedAddr, hasSignedRecord: description?.recordSequence != nil,
      upgrade: upgrader?.summary(of: peer), presence: presence?.presence(of: peer).map(PeerPresence.init))
  }
}
