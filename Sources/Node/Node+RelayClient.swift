import AutoNAT
package import CircuitRelay
import Connection
package import Identity
import NIOCore
package import SansIO
package import Wire

private import OrderedCollections

// Being reachable through relays, and reaching others through them: the relay client's words carried to
// streams, and back.
extension Node {
  func startRelays() {
    if let settings = configuration.relayService {
      relayService = CircuitRelay.Service(keyPair: identity, configuration: settings, now: now)
    }
    guard let settings = configuration.relayClient else { return }
    relayClient = CircuitRelay.Client(
      own: identity.peerID, configuration: settings, generator: SeededGenerator(seed: secrets.next()),
      now: now)
    var places: OrderedDictionary<PeerID, [Multiaddr]> = [:]
    for address in configuration.relays {
      if let relay = address.peerID, let place = address.withoutPeer {
        places[relay, default: []].append(place)
      }
    }
    for (relay, addresses) in places { relayClient?.addCandidate(relay, at: addresses, now: now) }
    pumpRelayClient()
  }

  // MARK: Queries

  /// The relays this node knows, the most wanted first.
  package var relays: [RelaySummary] { relayClient?.summaries ?? [] }

  /// Relays that we are reachable through, the most wanted first.
  package var heldRelays: [PeerID] { relayClient?.heldRelays ?? [] }

  /// Where a peer may be found: what is known of it, and behind the relays we use, where a peer of the same
  /// network is likely to be too.
  func knownAddresses(of peer: PeerID) -> [Multiaddr] {
    let held = relayClient?.heldRelays ?? []
    let guesses = held.compactMap { relay -> Multiaddr? in
      guard relay != peer, let entry = directConnection(to: relay) else { return nil }
      return try? entry.remote.naming(relay).appending(.p2pCircuit)
    }
    return book.addresses(of: peer, at: now) + guesses
  }

  /// The connection to a peer that is no circuit, for what must not go over one.
  func directConnection(to peer: PeerID) -> ConnectionEntry? {
    preferred(of: connections(to: peer).filter { !$0.isRelayed }, to: peer)
  }

  /// Whether somebody would be cut off if the connections to a peer were closed.
  func isNeededForRelaying(_ peer: PeerID) -> Bool {
    relayClient?.wantsConnection(to: peer) ?? false || relayService?.hasReservation(peer) ?? false
  }

  /// A relay's death must be noticed soon, since others reach us through it, and so must that of a direct
  /// connection beside a circuit, whoever dialled it.
  private func watchClosely(_ peer: PeerID) {
    let all = connections(to: peer)
    guard relayClient?.isCandidate(peer) ?? false || all.contains(where: \.isRelayed) else { return }
    for entry in all where !entry.isRelayed {
      entry.connection.keepAlive(
        every: configuration.timeouts.relayKeepAliveInterval,
        timeout: configuration.timeouts.relayKeepAliveTimeout)
      settle(entry)
    }
  }

  // MARK: Commands

  /// The machine slept, or has other addresses than before. Connections from an address that is gone are
  /// dead; relays are asked again, and nothing that was known of how we are reached holds any more.
  /// - Parameter addresses: all that there are now.
  package func networkChanged(addresses: Set<IPAddress>, at now: Instant) {
    self.now = now
    for id in entries.keys.sorted() {
      guard let entry = entries[id], !entry.isRelayed, let ip = entry.local.host?.ip,
        !addresses.contains(ip)
      else { continue }
      entry.connection.abort()
      drop(entry, .lost("this machine no longer has the address \(ip)"))
    }
    observations.forgetAll()
    relayClient?.networkChanged(at: now)
    reachabilityClient?.networkChanged(at: now)
    pumpRelayClient()
    pumpReachability()
  }

  // MARK: Connections

  func relaysConnected(_ entry: ConnectionEntry, with peer: PeerID) {
    watchClosely(peer)
    relayService?.peerConnected(
      peer, on: entry.id, local: entry.local, remote: entry.remote, isRelayed: entry.isRelayed)
    guard !entry.isRelayed else { return }
    let address = entry.direction == .outbound ? entry.remote : nil
    relayClient?.peerConnected(peer, at: address, now: now)
    pumpRelayClient()
  }

  func relaysDisconnected(_ entry: ConnectionEntry, from peer: PeerID) {
    relayService?.peerDisconnected(entry.id, at: now)
    pumpRelayService()
    guard !entry.isRelayed, directConnection(to: peer) == nil else { return }
    relayClient?.peerDisconnected(peer, at: now)
    pumpRelayClient()
  }

  func relayUnreachable(_ relay: PeerID) {
    relayClient?.connectFailed(relay, at: now)
    pumpRelayClient()
  }

  // MARK: Streams

  /// A peer opened a hop or a stop stream.
  func acceptRelay(
    _ stream: Connection.StreamID, _ name: ProtocolName, of peer: PeerID, on entry: ConnectionEntry
  ) {
    let handle = entry.handle(stream)
    if name == .relayHop {
      entry.streams[stream] = .relayService
      relayService?.streamOpened(handle, at: now)
      pumpRelayService()
    } else if entry.isRelayed {
      // A circuit within a circuit would be one more layer for every relay that plays along.
      counters.streamsRefused += 1
      entry.connection.reset(stream)
    } else {
      entry.streams[stream] = .relayClient
      relayClient?.streamOpened(handle, by: peer, at: now)
      pumpRelayClient()
    }
  }

  func relayClientReceived(_ bytes: ByteBuffer, on handle: StreamHandle) {
    var bytes = bytes
    let nowMs = nowMs
    relayClient?.receive(&bytes, from: handle, nowMs: nowMs, at: now)
    pumpRelayClient()
  }

  // MARK: What follows

  func advanceRelayClient() {
    relayClient?.advance(to: now)
    pumpRelayClient()
  }

  func pumpRelayClient() {
    guard relayClient != nil else { return }
    while let event = relayClient?.nextEvent() { handle(event) }
    deadlines.set(.relayClient, to: relayClient?.deadline)
  }

  private func handle(_ event: CircuitRelay.Client.Event) {
    switch event {
    case .connect(let relay, let addresses): connect(toRelay: relay, at: addresses)
    case .openHop(let open, let relay): openHop(open, to: relay)
    case .write(let bytes, let handle): writeStream(bytes, on: handle)
    case .consumed(let count, let handle): consumeStream(count, on: handle)
    case .finish(let handle): finishStream(handle)
    case .reset(let handle): resetStream(handle)
    case .reservation(let relay, let state): reservationChanged(at: relay, state)
    case .addressesChanged: announceChange()
    case .circuitOpened(let circuit, let handle, let early): circuitOpened(circuit, on: handle, early: early)
    case .circuitFailed(let circuit, let failure): circuitFailed(circuit, failure)
    case .circuitEnding(let circuit, _): renewCircuit(circuit)
    }
  }

  private func connect(toRelay relay: PeerID, at addresses: [Multiaddr]) {
    if let entry = directConnection(to: relay) {
      relayClient?.peerConnected(relay, at: entry.direction == .outbound ? entry.remote : nil, now: now)
    } else if phase == .running, !addresses.isEmpty {
      reach(relay, at: addresses, then: .reachRelay(relay))
    } else {
      relayClient?.connectFailed(relay, at: now)
    }
  }

  private func openHop(_ open: OpenID, to relay: PeerID) {
    openShared(.relayHop, for: .relayClient, on: directConnection(to: relay)) { stream in
      if let stream {
        relayClient?.opened(open, as: stream, at: now)
      } else {
        relayClient?.openFailed(open, isUnsupported: false, at: now)
      }
    }
  }

  private func reservationChanged(at relay: PeerID, _ state: ReservationState) {
    outputs.append(.event(.reservation(relay, state)))
    reservationsChanged(isAnyHeld: !(relayClient?.heldRelays.isEmpty ?? true))
  }
}
