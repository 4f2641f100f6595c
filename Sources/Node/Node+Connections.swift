import CircuitRelay
import Connection
import Identify
import Identity
package import NIOCore
package import SansIO
package import Wire

// A connection's life: admitted, upgraded, established, used, closed.
extension Node {
  // MARK: Inputs

  /// A listener accepted a connection. Nil: refused by a limit; close the socket.
  package func accepted(local: Multiaddr, remote: Multiaddr, at now: Instant) -> ConnectionID? {
    self.now = now
    guard phase == .running else { return nil }
    if let refusal = admission.admit(from: remote, at: now) {
      counters.count(refusal)
      return nil
    }
    return addConnection(
      .inbound, local: local, remote: remote, effort: nil, expectedPeer: nil, openedAt: now)
  }

  /// Bytes from a connection's socket. Hand over the only reference: they are decrypted in place.
  package func receive(_ bytes: consuming ByteBuffer, on id: ConnectionID, at now: Instant) {
    self.now = now
    guard let entry = entries[id], !entry.isClosing else { return }
    counters.bytesReceived &+= UInt64(bytes.readableBytes)
    wake(entry)
    if entry.isDoubted { believe(entry) }
    do throws(ConnectionError) {
      try entry.connection.receive(bytes, at: now)
    } catch {
      return drop(entry, .failed(error))
    }
    pump(entry)
  }

  /// The peer closed its side of the socket. A libp2p connection has no use for half of one.
  package func inputClosed(_ id: ConnectionID, at now: Instant) {
    self.now = now
    guard let entry = entries[id] else { return }
    drop(entry, .lost("closed by the peer"))
  }

  /// The socket is gone.
  package func transportClosed(_ id: ConnectionID, reason: String, at now: Instant) {
    self.now = now
    guard let entry = entries[id] else { return }
    drop(entry, .lost(reason))
    entries[id] = nil
    if case .circuit(let circuit, _) = entry.transport { connectionOfCircuit[circuit.id] = nil }
    bufferedBytes -= entry.countedBytes
    streamCount -= entry.countedStreams
    admission.connectionEnded(inboundFrom: entry.direction == .inbound ? entry.remote : nil, at: now)
    deadlines.set(.connection(id), to: nil)
    deadlines.set(.speakUp(id), to: nil)
    deadlines.set(.housekeeping(id), to: nil)
    deadlines.set(.duplicate(id), to: nil)
    if phase == .stopping, entries.isEmpty { finishShutdown() }
  }

  // MARK: Beginning

  func addConnection(
    _ direction: Direction, local: Multiaddr, remote: Multiaddr,
    transport: ConnectionEntry.Transport = .socket, role: Role? = nil, effort: DialEffortID?,
    expectedPeer: PeerID?, openedAt: Instant
  ) -> ConnectionID {
    let id = ConnectionID(rawValue: nextID())
    let connection = makeConnection(
      role ?? (direction == .inbound ? .responder : .initiator), to: expectedPeer)
    let entry = ConnectionEntry(
      id: id, direction: direction, local: local, remote: remote, transport: transport, effort: effort,
      openedAt: openedAt,
      connection: connection, now: now)
    entries[id] = entry
    settle(entry)
    return id
  }

  func makeConnection(_ role: Role, isGreeted: Bool = false, to expectedPeer: PeerID?) -> Connection {
    Connection(
      role: role, isGreeted: isGreeted, identity: identity, expectedPeer: expectedPeer,
      supported: supportedProtocols, configuration: configuration.connection, entropy: secrets.bytes(64),
      now: now)
  }

  private func establish(
    _ entry: ConnectionEntry, peer: PeerID, muxerNegotiation: Connection.MuxerNegotiation
  ) {
    admission.handshakeEnded()
    let established = ConnectionEntry.Established(
      peer: peer, elapsed: now - entry.openedAt, muxerNegotiation: muxerNegotiation)
    entry.phase = .established(established)
    guard peer != identity.peerID else { return drop(entry, .refused(.dialToSelf)) }
    if let dialBack = entry.dialBack { return dialBackEstablished(entry, dialBack) }
    guard (peerEntries[peer]?.connections.count ?? 0) < configuration.limits.connectionsPerPeerMax else {
      return drop(entry, .refused(.limit("connections of one peer")))
    }
    doubtConnections(to: peer)
    peerEntries[peer, default: PeerEntry(description: PeerDescription(of: peer))].connections.append(entry.id)
    counters.connectionsOpened += 1
    entry.lastUse = now
    deadlines.set(.housekeeping(entry.id), to: now + configuration.timeouts.quiet)
    outputs.append(.event(.connectionOpened(entry.summary(of: established))))
    startIdentify(on: entry)
    if entry.direction == .outbound {
      book.add([entry.remote], of: peer, lifetime: configuration.timeouts.addressLifetime, at: now)
    }
    relaysConnected(entry, with: peer)
    upgradeConnected(entry, with: peer)
    connectionEstablished(entry, with: peer)
    messengerConnected(peer)
    scheduleDuplicates(of: peer)
    trimConnections()
  }

  // MARK: Running

  /// Pulls everything a connection has to say and settles what follows from it.
  func pump(_ entry: ConnectionEntry) {
    do throws(ConnectionError) {
      // What one event does may be the end: the connection has nothing to say after that.
      while !entry.isClosing, let event = try entry.connection.nextEvent() { handle(event, on: entry) }
    } catch {
      drop(entry, .failed(error))
    }
    settle(entry)
  }

  private func handle(_ event: Connection.Event, on entry: ConnectionEntry) {
    switch event {
    case .established(let peer, _, let muxerNegotiation):
      establish(entry, peer: peer, muxerNegotiation: muxerNegotiation)
    case .roundTrip(let duration):
      entry.roundTrip = duration
    case .goAway:
      drop(entry, .lost("the peer said goodbye"))
    case .streamOpened(let stream, let name, let isInbound):
      if isInbound { acceptStream(stream, name, on: entry) } else { streamAgreed(stream, name, on: entry) }
    case .streamRefused(let stream):
      streamEnded(stream, .refused, on: entry)
    case .data(let stream, let bytes):
      route(bytes, from: stream, on: entry)
    case .remoteFinished(let stream):
      streamFinished(stream, on: entry)
    case .writable(let stream):
      streamWritable(stream, on: entry)
    case .streamClosed(let stream, let code):
      streamEnded(stream, code.map { .reset($0) } ?? .closed, on: entry)
    }
  }

  /// Brings the node's books in line with a connection after anything happened on it.
  func settle(_ entry: ConnectionEntry) {
    while let line = entry.connection.nextKeyLogLine() {
      if configuration.keyLog { outputs.append(.keyLog(line)) }
    }
    if entry.connection.hasOutbound, !entry.isFlushRequested {
      entry.isFlushRequested = true
      outputs.append(.flush(entry.id))
    }
    let bytes = entry.connection.bufferedBytes
    bufferedBytes += bytes - entry.countedBytes
    entry.countedBytes = bytes
    let streams = entry.streams.count
    streamCount += streams - entry.countedStreams
    entry.countedStreams = streams
    if case .closing = entry.phase { return }
    deadlines.tighten(.connection(entry.id), to: entry.connection.deadline)
    while bufferedBytes > configuration.limits.bufferedBytesMax, relieveMemory() {}
  }

  func advanceConnection(_ id: ConnectionID) {
    guard let entry = entries[id] else { return }
    do throws(ConnectionError) {
      try entry.connection.advance(to: now)
    } catch {
      return drop(entry, .failed(error))
    }
    pump(entry)
  }

  // MARK: Ending

  /// Why a connection is given up.
  enum DropReason {
    /// Our decision.
    case closed(String)
    case refused(NodeError)
    case failed(ConnectionError)
    /// The transport's news.
    case lost(String)

    var text: String {
      switch self {
      case .closed(let reason), .lost(let reason): reason
      case .refused(let error): "\(error)"
      case .failed(let error): "\(error)"
      }
    }

    var error: NodeError {
      switch self {
      case .closed(let reason), .lost(let reason): .connectionLost(reason)
      case .refused(let error): error
      case .failed(let error): NodeError(error)
      }
    }

    var closeReason: Connection.CloseReason {
      switch self {
      case .closed, .lost, .refused: .normal
      case .failed(let error): error.fault == .peer ? .protocolError : .internalError
      }
    }
  }

  /// Ends a connection for the node: streams and requests on it are told, the shell is asked to close the
  /// socket.
  func drop(_ entry: ConnectionEntry, _ reason: DropReason) {
    let previous = entry.phase
    switch previous {
    case .closing: return
    case .upgrading: admission.handshakeEnded()
    case .established: break
    }
    entry.phase = .closing
    if case .failed(let error) = reason { counters.count(error) }
    endStreams(of: entry, reason.error)
    entry.connection.close(reason.closeReason)
    outputs.append(.close(entry.id))
    settle(entry)
    deadlines.set(.connection(entry.id), to: nil)
    deadlines.set(.duplicate(entry.id), to: nil)
    if case .established(let established) = previous { forget(entry, established, reason) }
    connectionFailed(entry, reason.error)
  }

  private func forget(
    _ entry: ConnectionEntry, _ established: ConnectionEntry.Established, _ reason: DropReason
  ) {
    let peer = established.peer
    defer {
      relaysDisconnected(entry, from: peer)
      upgradeDisconnected(entry, from: peer)
      reachabilityDisconnected(entry, from: peer)
    }
    guard let place = peerEntries[peer]?.connections.firstIndex(of: entry.id) else { return }
    peerEntries[peer]?.connections.remove(at: place)
    if let entry = peerEntries[peer], entry.connections.isEmpty {
      // Its addresses may have grown old while it was connected, and now they are wanted.
      remember(entry.description)
      peerEntries[peer] = nil
    }
    outputs.append(.event(.connectionClosed(entry.summary(of: established), reason: reason.text)))
    if peerEntries[peer] == nil { peerLost(peer) } else { reopenGossip(with: peer) }
  }
}
