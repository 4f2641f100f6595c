import CircuitRelay
import Connection
import Identity
import NIOCore
import SansIO
import Wire

import DequeModule

// Connections over circuits: a stream of a connection to a relay carries them, and the node does for them
// what its shell does for those with a socket.
extension Node {
  /// The most of a connection's bytes moved into its circuit at once.
  private static let circuitChunkBytesMax = 64 * 1024

  // MARK: Dialling

  /// Begins a dial: by the shell, or through a relay, which is reached first if need be.
  func start(_ dial: DialID, to address: Multiaddr) {
    guard let relay = address.circuit?.relay else {
      return outputs.append(.dial(dial, to: address, from: .listenPortIfPossible))
    }
    guard let peer = relay.peerID, peer != identity.peerID, let place = relay.withoutPeer else {
      return dialFailed(dial, reason: "that relay is this node", at: now)
    }
    // It would wait for itself.
    guard effortOfDial[dial].flatMap({ efforts[$0]?.dial.expectedPeer }) != peer else {
      return dialFailed(dial, reason: "a relay is not reached through itself", at: now)
    }
    if directConnection(to: peer) != nil { return dialCircuit(dial, through: peer) }
    reach(peer, at: [place], then: .dialCircuit(dial, through: peer))
  }

  /// There is a direct connection to the relay: asks for a circuit.
  func dialCircuit(_ dial: DialID, through relay: PeerID) {
    guard let effort = effortOfDial[dial] else { return }
    guard relayClient != nil else {
      return dialFailed(dial, reason: "this node uses no relays", at: now)
    }
    guard let peer = efforts[effort]?.dial.expectedPeer, peer != relay else {
      return dialFailed(dial, reason: "a relayed address must name the peer it leads to", at: now)
    }
    if let circuit = relayClient?.dial(peer, through: relay, at: now) { dialOfCircuit[circuit] = dial }
    pumpRelayClient()
  }

  /// A dial is not wanted any more.
  func cancel(_ dial: DialID) {
    guard let circuit = dialOfCircuit.first(where: { $0.value == dial })?.key else {
      return outputs.append(.cancelDial(dial))
    }
    dialOfCircuit[circuit] = nil
    relayClient?.cancelDial(circuit, at: now)
    pumpRelayClient()
  }

  func circuitFailed(_ circuit: CircuitID, _ failure: CircuitFailure) {
    guard let dial = dialOfCircuit.removeValue(forKey: circuit) else { return }
    dialFailed(dial, reason: "\(failure)", at: now)
  }

  // MARK: Beginning

  /// A stream has become a circuit, ours or theirs.
  func circuitOpened(_ circuit: CircuitDescription, on handle: StreamHandle, early: ByteBuffer) {
    guard let outer = entries[handle.connection], !outer.isClosing else {
      return circuitFailed(circuit.id, .closed)
    }
    let stream = Connection.StreamID(number: handle.stream)
    outer.connection.consumed(early.readableBytes, on: stream)
    guard let id = connect(circuit, on: handle, of: outer) else {
      outer.streams[stream] = nil
      outer.connection.reset(stream)
      relayClient?.streamEnded(handle, at: now)
      return settle(outer)
    }
    outer.streams[stream] = .circuit(id)
    connectionOfCircuit[circuit.id] = id
    touch(outer)
    settle(outer)
    if early.readableBytes > 0 { circuitReceived(early, on: id) }
  }

  private func connect(
    _ circuit: CircuitDescription, on handle: StreamHandle, of outer: ConnectionEntry
  ) -> ConnectionID? {
    let relayed = outer.remote.naming(circuit.relay)
    let remote = (try? relayed.appending(.p2pCircuit)) ?? relayed
    let transport = ConnectionEntry.Transport.circuit(circuit, over: handle)
    switch circuit.direction {
    case .outbound:
      guard let dial = dialOfCircuit.removeValue(forKey: circuit.id) else { return nil }
      return connected(dial, local: outer.local, remote: remote, transport: transport)
    case .inbound:
      guard phase == .running else { return nil }
      let hasRoom = circuitHandshakes < configuration.limits.circuitHandshakesMax
      if let refusal = hasRoom ? admission.admit(from: remote, at: now) : .tooManyHandshakes {
        counters.count(refusal)
        return nil
      }
      return addConnection(
        .inbound, local: outer.local, remote: remote, transport: transport, effort: nil,
        expectedPeer: circuit.peer, openedAt: now)
    }
  }

  /// Of circuits that others opened.
  private var circuitHandshakes: Int {
    connectionOfCircuit.values.count { id in
      guard let entry = entries[id], case .upgrading = entry.phase else { return false }
      return entry.direction == .inbound
    }
  }

  // MARK: Bytes

  func circuitReceived(_ bytes: ByteBuffer, on id: ConnectionID) {
    if let entry = entries[id], case .circuit(let circuit, _) = entry.transport {
      entry.carriedBytes += bytes.readableBytes
      relayClient?.carried(circuit.id, sent: 0, received: bytes.readableBytes, at: now)
      pumpRelayClient()
    }
    receive(bytes, on: id, at: now)
  }

  /// Moves what a connection has to say into its circuit, while the stream to the relay takes it.
  func flushCircuit(_ entry: ConnectionEntry) {
    guard case .circuit(let circuit, let handle) = entry.transport, let outer = entries[handle.connection]
    else { return }
    let stream = Connection.StreamID(number: handle.stream)
    // Without room it stays asked for: the stream's `.writable` leads back here.
    entry.isFlushRequested = true
    var sent = 0
    while true {
      let room = min(outer.connection.writableBytes(stream), Self.circuitChunkBytesMax)
      guard room > 0 else { break }
      var wire = ByteBuffer()
      guard entry.connection.drainOutbound(into: &wire, maxBytes: room) else {
        entry.isFlushRequested = false
        break
      }
      sent += wire.readableBytes
      guard (try? outer.connection.write(wire, to: stream)) != nil else { break }
    }
    if sent > 0 {
      counters.bytesSent &+= UInt64(sent)
      entry.carriedBytes += sent
      relayClient?.carried(circuit.id, sent: sent, received: 0, at: now)
    }
    settle(outer)
    if !entry.isClosing { pump(entry) }
    pumpRelayClient()
  }

  // MARK: Ending

  /// The node is done with a connection: what fits still leaves, then our half of the circuit ends.
  func closeCircuit(_ entry: ConnectionEntry) {
    guard case .circuit(_, let handle) = entry.transport else { return }
    flushCircuit(entry)
    if let outer = entries[handle.connection] {
      outer.connection.finish(Connection.StreamID(number: handle.stream))
      deadlines.set(.stream(handle), to: now + configuration.timeouts.circuitLinger)
      settle(outer)
    }
    transportClosed(entry.id, reason: "closed", at: now)
  }

  /// The other end has not ended its half in time.
  func cutCircuit(_ stream: Connection.StreamID, on outer: ConnectionEntry) {
    outer.connection.reset(stream)
    streamEnded(stream, .closed, on: outer)
    settle(outer)
  }

  /// Ends connections whose circuit is gone. Not at once, because that may be in the middle of the end of the
  /// connection that carried it.
  func endCircuits() {
    while let (id, reason, wasCut) = endedCircuits.popFirst() {
      let (entry, peer) = (entries[id], entries[id]?.peer)
      transportClosed(id, reason: reason, at: now)
      if wasCut, let entry, let peer { askAgain(for: peer, after: entry) }
    }
  }

  /// No more comes over a circuit, and its other end has not said goodbye: Go's relay ends one so that has
  /// carried what it may.
  func circuitFinished(_ id: ConnectionID) {
    let (entry, peer) = (entries[id], entries[id]?.peer)
    inputClosed(id, at: now)
    if let entry, let peer { askAgain(for: peer, after: entry) }
  }

  /// A relay cut a circuit and had not said when it would; or its other end is gone, which the relay will
  /// say. Whoever asked for it asks again at once, unless it is a relay that cuts everything at once.
  private func askAgain(for peer: PeerID, after entry: ConnectionEntry) {
    let lived = now - entry.openedAt >= configuration.timeouts.circuitLifeMin
    guard entry.direction == .outbound, lived || wasOfUse(entry) else { return }
    if mayReplace(entry, to: peer) { keepConnected(peer, at: [entry.remote]) }
  }

  private func wasOfUse(_ circuit: ConnectionEntry) -> Bool {
    circuit.carriedBytes >= configuration.limits.circuitUseBytes
      || now - circuit.openedAt >= configuration.timeouts.circuitUse
  }

  /// A relay may give so little that each circuit is over before it is of use.
  private func mayReplace(_ circuit: ConnectionEntry, to peer: PeerID) -> Bool {
    if wasOfUse(circuit) || renewals.allows(peer, at: now) { return true }
    counters.renewalsLimited += 1
    return false
  }

  /// A relay will cut a circuit soon: whoever asked for it asks for another one, and streams move there.
  func renewCircuit(_ circuit: CircuitID) {
    guard let id = connectionOfCircuit[circuit], let entry = entries[id], let peer = entry.peer,
      case .circuit(let description, _) = entry.transport
    else { return }
    entry.isEnding = true
    scheduleDuplicates(of: peer)
    // The circuit that this one replaced may be there still, and be the one that is preferred.
    let isLast = preferredConnection(to: peer)?.isEnding ?? false
    guard description.direction == .outbound, isLast, phase == .running else { return }
    guard mayReplace(entry, to: peer) else { return }
    reach(peer, at: knownAddresses(of: peer) + [entry.remote], then: .keepConnected)
  }
}
