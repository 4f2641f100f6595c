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
    guard let entry = preferredConnection(to: peer), !entry.isRelayed, !entry.isClosing else { return nil }
    return entry
  }

  /// Whether somebody would be cut off if the connections to a peer were closed.
  func isNeededForRelaying(_ peer: PeerID) -> Bool {
    relayClient?.wantsConnection(to: peer) ?? false || relayService?.hasReservation(peer) ?? false
  }

  /// A relay's death must be noticed soon, since others reach us through it, and so must that of a direct
  /// connection beside a circuit.
  func connectionConfiguration(for peer: PeerID?) -> Connection.Configuration {
    var settings = configuration.connection
    let isCritical = peer.map { relayClient?.isCandidate($0) ?? false || hasCircuit(to: $0) } ?? false
    guard isCritical else { return settings }
    settings.keepAlive(
      every: configuration.timeouts.relayKeepAliveInterval,
      timeout: configuration.timeouts.relayKeepAliveTimeout)
    return settings
  }

  private func hasCircuit(to peer: PeerID) -> Bool {
    peerEntries[peer]?.connections.contains { entries[$0]?.isRelayed ?? false } ?? false
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
    if case .circuit(let circuit, _) = entry.transport { connectionOfCircuit[circuit.id] = nil }
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
    case .write(let bytes, let handle):
      withStream(handle) { entry, stream in try? entry.connection.write(bytes, to: stream) }
    case .consumed(let count, let handle):
      withStream(handle) { entry, stream in entry.connection.consumed(count, on: stream) }
    case .finish(let handle): withStream(handle) { entry, stream in entry.connection.finish(stream) }
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
    guard let entry = directConnection(to: relay), let stream = try? openStream([.relayHop], on: entry) else {
      relayClient?.openFailed(open, isUnsupported: false, at: now)
      return
    }
    entry.streams[stream] = .relayClient
    relayClient?.opened(open, as: entry.handle(stream), at: now)
    settle(entry)
  }

  private func reservationChanged(at relay: PeerID, _ state: ReservationState) {
    outputs.append(.event(.reservation(relay, state)))
    reservationsChanged(isAnyHeld: !(relayClient?.heldRelays.isEmpty ?? true))
  }

  // MARK: Streams of node-wide machines

  /// Does something to a stream that may be gone already.
  func withStream(
    _ handle: StreamHandle, _ body: (ConnectionEntry, Connection.StreamID) -> Void
  ) {
    guard let entry = entries[handle.connection], !entry.isClosing else { return }
    body(entry, Connection.StreamID(number: handle.stream))
    settle(entry)
  }

  /// Resets a stream that its machine has forgotten.
  func resetStream(_ handle: StreamHandle) {
    withStream(handle) { entry, stream in
      entry.streams[stream] = nil
      entry.connection.reset(stream)
    }
  }
}
