import Identity
import NIOCore
package import SansIO
import Wire

// Circuits: from the wish for one to its end.
extension Service {
  // MARK: Opening

  mutating func connect(_ stream: StreamHandle, to target: PeerID, early: ByteBuffer) {
    guard let connection = connections[stream.connection] else { return }
    let slot: Slot
    switch permission(for: connection, to: target) {
    case .success(let found): slot = found
    case .failure(let refusal):
      if early.readableBytes > 0 { events.append(.consumed(early.readableBytes, on: stream)) }
      return answer(stream, .status(refusal.status, nil, .unlimited))
    }
    circuitNumber += 1
    let id = CircuitID(rawValue: circuitNumber)
    let open = OpenID(rawValue: circuitNumber)
    let expiry = now + configuration.connectTimeout
    circuits[id] = Circuit(
      from: connection.peer, to: target, hop: stream, opening: open, expiresAt: expiry,
      pace: configuration.circuitBytesPerSecond.map { Pace(bytesPerSecond: $0, burstBytes: 2 * $0) })
    circuitsPerPeer.add(connection.peer)
    circuitsPerPeer.add(target)
    opening[open] = id
    setState(.circuit(id, .hop), of: stream)
    deadlines.set(.circuit(id), to: expiry)
    events.append(.openStop(open, on: slot.connection))
    circuitReceived(early, from: .hop, of: id)
  }

  private struct Refusal: Error { let status: Status }

  private mutating func permission(
    for connection: ConnectionState, to target: PeerID
  ) -> Result<Slot, Refusal> {
    guard !connection.isRelayed, connection.peer != target, configuration.access.permits(connection.peer)
    else {
      counters.refusedPermission += 1
      return .failure(Refusal(status: .permissionDenied))
    }
    guard connectsOfPeer.allows(connection.peer, at: now),
      connectsOfHost.allows(connection.origin.host, at: now)
    else {
      counters.connectsOverRate += 1
      return .failure(Refusal(status: .resourceLimitExceeded))
    }
    guard let slot = slots[target] else {
      counters.connectsWithoutReservation += 1
      return .failure(Refusal(status: .noReservation))
    }
    guard circuits.count < configuration.circuitsMax, !isDraining,
      circuitsPerPeer[connection.peer] < configuration.circuitsPerPeerMax,
      circuitsPerPeer[target] < configuration.circuitsPerPeerMax
    else {
      counters.connectsOverLimit += 1
      return .failure(Refusal(status: .resourceLimitExceeded))
    }
    return .success(slot)
  }

  /// The stop stream that was asked for.
  package mutating func opened(_ open: OpenID, as stream: StreamHandle, at now: Instant) {
    self.now = now
    guard let id = opening.removeValue(forKey: open), let circuit = circuits[id], streams[stream] == nil,
      connections[stream.connection] != nil
    else {
      events.append(.reset(stream))
      return
    }
    circuits[id]?.stop = stream
    circuits[id]?.phase = .asking(LengthPrefixedFrames(maxBytes: messageBytesMax))
    circuits[id]?[.stop].preface =
      StopMessage.connect(from: circuit.initiator, configuration.circuitLimit).encoded
    setState(.circuit(id, .stop), of: stream)
    standInLine(.stop, of: id)
  }

  package mutating func openFailed(_ open: OpenID, at now: Instant) {
    self.now = now
    guard let id = opening[open] else { return }
    fail(id)
  }

  private mutating func targetAnswered(_ bytes: ByteBuffer, _ frames: LengthPrefixedFrames, of id: CircuitID)
  {
    guard let stop = circuits[id]?.stop else { return }
    var (bytes, frames) = (bytes, frames)
    let count = bytes.readableBytes
    frames.receive(&bytes)
    let frame: ByteBuffer?
    do { frame = try frames.nextFrame() } catch {
      counters.malformedMessages += 1
      return fail(id)
    }
    guard let frame else {
      circuits[id]?.phase = .asking(frames)
      events.append(.consumed(count, on: stop))
      return
    }
    guard case .status(.ok)? = try? StopMessage(decoding: frame) else { return fail(id) }
    let early = frames.takeUnread()
    events.append(.consumed(count - early.readableBytes, on: stop))
    establish(id)
    circuitReceived(early, from: .stop, of: id)
  }

  private mutating func establish(_ id: CircuitID) {
    guard let circuit = circuits[id] else { return }
    counters.circuitsOpened += 1
    let limit = configuration.circuitLimit
    circuits[id]?.phase = .open
    circuits[id]?.expiresAt = limit.duration.map { now + $0 }
    circuits[id]?[.hop].preface = HopMessage.status(.ok, nil, limit).encoded
    events.append(.circuitOpened(id, from: circuit.initiator, to: circuit.target))
    schedule(id)
    for end in [Circuit.End.hop, .stop] {
      standInLine(end, of: id)
      passEnd(to: end, of: id)
    }
  }

  /// It does not come to a circuit: the initiator is told.
  private mutating func fail(_ id: CircuitID) {
    guard let circuit = remove(id) else { return }
    counters.connectsFailed += 1
    if let stop = circuit.stop, streams[stream: stop] { abandon(stop) }
    if streams[stream: circuit.hop] {
      // What came early is dropped with the wish.
      if circuit[.stop].heldBytes > 0 {
        events.append(.consumed(circuit[.stop].heldBytes, on: circuit.hop))
      }
      answer(circuit.hop, .status(.connectionFailed, nil, .unlimited))
    }
  }

  // MARK: Carrying

  mutating func circuitReceived(_ bytes: ByteBuffer, from end: Circuit.End, of id: CircuitID) {
    let limit = configuration.circuitLimit.bytes
    guard let outcome = circuits[id]?.receive(bytes, from: end, limit: limit, at: now) else { return }
    switch outcome {
    case .answer(let frames): return targetAnswered(bytes, frames, of: id)
    case .overLimit: return close(id, .bytesLimit)
    case .held(let reader, let isFirst):
      heldBytes += bytes.readableBytes
      if let reader { line.append(reader) }
      if isFirst { deadlines.tighten(.circuit(id), to: now + configuration.stallTimeout) }
    }
    if heldBytes > configuration.heldBytesMax { closeHeaviest() }
  }

  mutating func standInLine(_ end: Circuit.End, of id: CircuitID) {
    if let stream = circuits[id]?.standInLine(end) { line.append(stream) }
  }

  mutating func circuitChunk(for end: Circuit.End, of id: CircuitID, maxBytes: Int) -> ByteBuffer? {
    guard let turn = circuits[id]?.takeTurn(for: end, maxBytes: maxBytes, at: now) else {
      if maxBytes > 0, let ready = circuits[id]?[end].paceReady {
        deadlines.tighten(.circuit(id), to: max(ready, now + .milliseconds(1)))
      }
      return nil
    }
    if let writer = turn.writer {
      heldBytes -= turn.chunk.readableBytes
      counters.bytesRelayed += UInt64(turn.chunk.readableBytes)
      events.append(.consumed(turn.chunk.readableBytes, on: writer))
    }
    standInLine(end, of: id)
    if turn.isLast { passEnd(to: end, of: id) }
    return turn.chunk
  }

  // MARK: Ending

  mutating func circuitFinished(by end: Circuit.End, of id: CircuitID) {
    guard let circuit = circuits[id] else { return }
    if end == .stop, !circuit.isOpen { return fail(id) }
    circuits[id]?[end.other].isFinished = true
    passEnd(to: end.other, of: id)
  }

  /// A half that is finished and handed on is finished for its reader too.
  private mutating func passEnd(to end: Circuit.End, of id: CircuitID) {
    guard let stream = circuits[id]?.passEnd(to: end) else { return }
    events.append(.finish(stream))
    if circuits[id]?.isOver == true { close(id, .finished) }
  }

  mutating func circuitLost(_ end: Circuit.End, of id: CircuitID, wasReset: Bool) {
    guard let circuit = circuits[id], let stream = circuit.stream(end) else { return }
    // Both halves of it are done; what it sent may still be on its way to the other end.
    if circuit.isOpen, !wasReset, circuit[end.other].isFinished, circuit[end].isEnded { return }
    setState(nil, of: stream)
    if end == .stop, !circuit.isOpen { fail(id) } else { close(id, .broken) }
  }

  mutating func circuitIsDue(_ id: CircuitID) {
    guard let circuit = circuits[id] else { return }
    if let expiry = circuit.expiresAt, expiry <= now {
      if circuit.isOpen { return close(id, .timeLimit) }
      counters.connectsTimedOut += 1
      return fail(id)
    }
    if let since = circuit.stalledSince, since + configuration.stallTimeout <= now {
      return close(id, .stalled)
    }
    schedule(id)
    for end in [Circuit.End.hop, .stop] where circuit[end].pace != nil { standInLine(end, of: id) }
  }

  private mutating func schedule(_ id: CircuitID) {
    guard let circuit = circuits[id] else { return }
    let stall = circuit.stalledSince.map { $0 + configuration.stallTimeout }
    deadlines.set(.circuit(id), to: [circuit.expiresAt, stall].compactMap { $0 }.min())
  }

  /// Ends a circuit, by resetting both streams unless it has come to its own end.
  mutating func close(_ id: CircuitID, _ end: CircuitEnd) {
    guard let circuit = remove(id) else { return }
    for stream in [circuit.hop, circuit.stop].compactMap({ $0 }) where streams[stream: stream] {
      if end == .finished { setState(nil, of: stream) } else { abandon(stream) }
    }
    guard circuit.isOpen else { return }
    count(end)
    events.append(
      .circuitClosed(
        id, end, bytesToTarget: circuit[.stop].carriedBytes, bytesFromTarget: circuit[.hop].carriedBytes))
  }

  private mutating func count(_ end: CircuitEnd) {
    switch end {
    case .finished: counters.circuitsFinished += 1
    case .broken, .drained: counters.circuitsBroken += 1
    case .bytesLimit: counters.circuitsOverBytes += 1
    case .timeLimit: counters.circuitsOverTime += 1
    case .stalled: counters.circuitsStalled += 1
    case .memory: counters.circuitsOverMemory += 1
    }
  }

  private mutating func remove(_ id: CircuitID) -> Circuit? {
    guard let circuit = circuits.removeValue(forKey: id) else { return nil }
    if case .opening(let open) = circuit.phase { opening[open] = nil }
    heldBytes -= circuit.heldBytes
    circuitsPerPeer.remove(circuit.initiator)
    circuitsPerPeer.remove(circuit.target)
    deadlines.set(.circuit(id), to: nil)
    return circuit
  }

  private mutating func abandon(_ stream: StreamHandle) {
    setState(nil, of: stream)
    events.append(.reset(stream))
  }

  private mutating func closeHeaviest() {
    let heaviest = circuits.max { ($0.value.heldBytes, $1.key) < ($1.value.heldBytes, $0.key) }
    if let heaviest { close(heaviest.key, .memory) }
  }
}

extension [StreamHandle: Service.StreamState] {
  /// Whether a stream is there still.
  fileprivate subscript(stream stream: StreamHandle) -> Bool { self[stream] != nil }
}
