import Chat
import Connection
package import Identity
package import NIOCore
package import SansIO
package import Wire

/// Something to do with a peer once there is a connection to it.
enum Command {
  case connect(RequestID)
  case ping(RequestID, count: Int)
  case identify(RequestID)
  case openStream(RequestID, [ProtocolName])
  case perf(RequestID, upload: UInt64, download: UInt64)
  /// Nobody waits: the node itself wants the connection.
  case keepConnected
  /// The relay client wants a direct connection.
  case reachRelay(PeerID)
  /// A dial goes on through a relay once that is reached.
  case dialCircuit(DialID, through: PeerID)

  var request: RequestID? {
    switch self {
    case .connect(let id), .ping(let id, _), .identify(let id), .openStream(let id, _), .perf(let id, _, _):
      id
    case .keepConnected, .reachRelay, .dialCircuit: nil
    }
  }
}

// Commands. Each returns at once with the id under which it will be answered, exactly once.
extension Node {
  /// Connects to the peer at an address: `…/p2p/ID` for a peer that must prove that identity, or without for
  /// anyone. Answered with `.connected`; at once when there is a connection to that peer already.
  package func connect(to address: Multiaddr, at now: Instant) -> RequestID {
    start(at: now) { node, request in
      let peer = address.peerID
      if peer == node.identity.peerID { return node.answer(request, .failed(.dialToSelf)) }
      if let peer, let entry = node.preferredConnection(to: peer) {
        return node.perform(.connect(request), on: entry)
      }
      let known = peer.map { node.knownAddresses(of: $0) } ?? []
      let given = address.withoutPeer.map { [$0] } ?? []
      node.reach(peer, at: given + known, then: .connect(request))
    }
  }

  /// Closes every connection to a peer. Answered with `.disconnected`.
  package func disconnect(_ peer: PeerID, at now: Instant) -> RequestID {
    start(at: now) { node, request in
      guard let ids = node.peerEntries[peer]?.connections else {
        return node.answer(request, .failed(.notConnected(peer)))
      }
      node.bootstrapRetries[peer] = nil
      node.forgetCompanion(peer)
      for id in ids {
        if let entry = node.entries[id] { node.drop(entry, .closed("disconnected on request")) }
      }
      node.answer(request, .disconnected)
    }
  }

  /// Pings a peer `count` times, one after the other. Answered with `.pinged`.
  package func ping(_ peer: PeerID, count: Int, at now: Instant) -> RequestID {
    start(at: now) { $0.command(.ping($1, count: max(1, count)), to: peer) }
  }

  /// Answered with `.identified` once the peer has said who it is.
  package func identify(_ peer: PeerID, at now: Instant) -> RequestID {
    start(at: now) { $0.command(.identify($1), to: peer) }
  }

  /// Opens an application stream for the first of `protocols` the peer speaks. Answered with `.streamOpened`.
  package func openStream(
    to peer: PeerID, protocols: [ProtocolName], at now: Instant
  ) -> RequestID {
    start(at: now) { $0.command(.openStream($1, protocols), to: peer) }
  }

  /// Measures throughput by `/perf/1.0.0`, or `/gopeer/bench/1` where the peer has only that. Answered with
  /// `.measured`.
  package func perf(
    _ peer: PeerID, upload: UInt64, download: UInt64, at now: Instant
  ) -> RequestID {
    start(at: now) { $0.command(.perf($1, upload: upload, download: download), to: peer) }
  }

  /// Serves a protocol: inbound streams of it come as `.streamOpened`.
  package func handle(_ protocolName: ProtocolName) {
    guard applicationProtocols.insert(protocolName).inserted else { return }
    let supported = supportedProtocols
    for entry in entries.values { entry.connection.supported = supported }
    announceChange()
  }

  /// Stops: says goodbye to everyone, answers what is pending, and ends with `.stopped`.
  package func shutdown(at now: Instant) {
    self.now = now
    guard phase == .running else { return }
    phase = .stopping
    for id in efforts.keys.sorted(by: { $0.rawValue < $1.rawValue }) { abandonEffort(id, .shuttingDown) }
    cancelOtherDials()
    leaveLinks()
    chat?.finish(at: now)
    pumpChat()
    deadlines.set(.shutdown, to: now + configuration.timeouts.shutdown)
    if sayLeave() {
      deadlines.set(.farewell, to: now + configuration.timeouts.farewell)
    } else {
      closeEverything()
    }
  }

  func closeEverything() {
    for id in entries.keys.sorted() {
      if let entry = entries[id] { drop(entry, .refused(.shuttingDown)) }
    }
    if entries.isEmpty { finishShutdown() }
  }

  // MARK: Application streams

  /// Queues bytes on a stream; throws `.sendBufferFull`, taking nothing, when its buffer is full.
  package func write(
    _ data: ByteBuffer, to handle: StreamHandle, at now: Instant
  ) throws(NodeError) {
    self.now = now
    let (entry, stream) = try applicationStream(handle)
    do throws(StreamError) {
      try entry.connection.write(data, to: stream)
    } catch {
      throw NodeError(error)
    }
    touch(entry)
    settle(entry)
  }

  /// We will send no more on this stream.
  package func finish(_ handle: StreamHandle, at now: Instant) {
    withApplicationStream(handle, at: now) { $0.connection.finish($1) }
  }

  /// Ends a stream both ways at once.
  package func reset(_ handle: StreamHandle, code: UInt32, at now: Instant) {
    withApplicationStream(handle, at: now) { entry, stream in
      entry.connection.reset(stream, code: code)
      entry.streams[stream] = nil
    }
  }

  /// The application has used this many bytes of a stream: its peer may send as many more.
  package func consumed(_ bytes: Int, on handle: StreamHandle, at now: Instant) {
    withApplicationStream(handle, at: now) { $0.connection.consumed(bytes, on: $1) }
  }

  private func applicationStream(
    _ handle: StreamHandle
  ) throws(NodeError) -> (ConnectionEntry, Connection.StreamID) {
    let stream = Connection.StreamID(number: handle.stream)
    guard let entry = entries[handle.connection], case .application = entry.streams[stream] else {
      throw .noSuchStream
    }
    return (entry, stream)
  }

  private func withApplicationStream(
    _ handle: StreamHandle, at now: Instant, _ body: (ConnectionEntry, Connection.StreamID) -> Void
  ) {
    self.now = now
    guard let (entry, stream) = try? applicationStream(handle) else { return }
    body(entry, stream)
    touch(entry)
    pump(entry)
  }

  // MARK: Requests

  private func start(
    at now: Instant, _ body: (Node, RequestID) -> Void
  ) -> RequestID {
    self.now = now
    let request = RequestID(rawValue: nextID())
    requestsPending += 1
    if phase != .running {
      answer(request, .failed(.shuttingDown))
    } else if requestsPending > configuration.limits.requestsMax {
      answer(request, .failed(.limit("requests that wait for an answer")))
    } else {
      body(self, request)
    }
    return request
  }

  func answer(_ request: RequestID, _ answer: Answer) {
    requestsPending -= 1
    outputs.append(.answer(request, answer))
  }

  func fail(_ command: Command, _ error: NodeError) {
    switch command {
    case .reachRelay(let relay): relayUnreachable(relay)
    case .dialCircuit(let dial, let relay): dialFailed(dial, reason: "relay \(relay): \(error)", at: now)
    case .connect, .ping, .identify, .openStream, .perf, .keepConnected:
      if let request = command.request { answer(request, .failed(error)) }
    }
  }

  /// Performs a command on the connection to a peer, reaching the peer first if need be.
  private func command(_ command: Command, to peer: PeerID) {
    if peer == identity.peerID { return fail(command, .dialToSelf) }
    if let entry = preferredConnection(to: peer) { return perform(command, on: entry) }
    let addresses = knownAddresses(of: peer)
    guard !addresses.isEmpty || effortOfPeer[peer] != nil else { return fail(command, .notConnected(peer)) }
    reach(peer, at: addresses, then: command)
  }

  /// Performs a command on an established connection.
  func perform(_ command: Command, on entry: ConnectionEntry) {
    guard let summary = entry.summary else { return fail(command, .connectionLost("closed meanwhile")) }
    touch(entry)
    switch command {
    case .keepConnected: break
    case .reachRelay(let relay): if entry.isRelayed { relayUnreachable(relay) }
    case .dialCircuit(let dial, let relay): dialCircuit(dial, through: relay)
    case .connect(let request): answer(request, .connected(summary))
    case .identify(let request): awaitIdentify(request, on: entry)
    case .ping(let request, let count): startPing(request, count: count, on: entry)
    case .perf(let request, let upload, let download):
      startPerf(request, upload: upload, download: download, on: entry)
    case .openStream(let request, let protocols): startStream(request, protocols, on: entry)
    }
    settle(entry)
  }

  func finishShutdown() {
    guard phase == .stopping else { return }
    phase = .stopped
    deadlines = DeadlineQueue()
    outputs.append(.stopped)
  }
}
