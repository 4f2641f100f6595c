import DequeModule
package import NIOCore
package import SansIO

// What the owner asks of a session. Commands on a stream that is gone are not mistakes: its `.closed` may
// still be waiting to be pulled. So only `write`, whose bytes would be lost, says so.
extension Session {
  /// True when `open` would not throw.
  package var canOpen: Bool { openRefusal == nil }

  /// A new stream. It costs nothing on the wire until the next drain, and may be written to at once: the SYN
  /// goes with the first data.
  package mutating func open() throws(YamuxError) -> StreamID {
    if let refusal = openRefusal { throw refusal }
    guard let id = nextStreamID else { throw .streamIDsExhausted }
    let (next, overflow) = id.rawValue.addingReportingOverflow(2)
    nextStreamID = overflow ? nil : StreamID(rawValue: next)
    let slot = streams.insert(Stream(id, .outbound, now: now))
    schedule.update(slot, &streams[slot])
    outboundUnacknowledged += 1
    return id
  }

  private var openRefusal: YamuxError? {
    if case .failed(let error) = phase { return error }
    if remoteGoAway || localGoAway != .none { return .goneAway }
    if nextStreamID == nil { return .streamIDsExhausted }
    if streams.count >= configuration.streamsMax { return .tooManyStreams }
    if outboundUnacknowledged >= configuration.ackBacklogMax { return .ackBacklogFull }
    return nil
  }

  /// How much `write` takes before it refuses. Zero or less: wait for `.writable`.
  package func writableBytes(_ id: StreamID) -> Int {
    guard let slot = streams.slot(of: id), streams[slot].state.isWritable else { return 0 }
    return min(
      configuration.sendBufferBytes - streams[slot].queuedBytes,
      configuration.sendBufferTotalBytes - queuedBytes)
  }

  /// Queues all of `data`, without copying it. One write may pass the limits of the send buffers; with a
  /// buffer that is full already it is refused, and `.writable` follows.
  package mutating func write(_ data: ByteBuffer, to id: StreamID) throws(YamuxError) {
    if case .failed(let error) = phase { throw error }
    guard let slot = streams.slot(of: id) else { throw .unknownStream(id) }
    guard streams[slot].state.isWritable else {
      throw streams[slot].state.resetCodeOwed == nil ? .alreadyFinished(id) : .unknownStream(id)
    }
    guard noteRoom(at: slot) else { throw .sendBufferFull(id) }
    if data.readableBytes == 0 { return }
    queuedBytes += data.readableBytes
    streams[slot].enqueue(data)
    schedule.update(slot, &streams[slot])
    _ = noteRoom(at: slot)
  }

  /// Closes our half, after what is queued. The peer may go on sending.
  package mutating func finish(_ id: StreamID) {
    guard let slot = streams.slot(of: id) else { return }
    switch streams[slot].state.finish() {
    case .finishing:
      streams[slot].marks.remove(.awaitsRoom)
      schedule.update(slot, &streams[slot])
    case .ignore: break
    }
  }

  /// Ends the stream both ways and drops what is queued. `.closed` follows; nothing else will.
  package mutating func reset(_ id: StreamID, code: UInt32) {
    guard let slot = streams.slot(of: id) else { return }
    settleHandshake(streams[slot].state, of: id)
    switch streams[slot].state.reset(code: code) {
    case .owed:
      // Its RST is a control frame; until that is written the stream keeps its place in the table and nothing
      // else.
      streams[slot].marks.remove(.awaitsRoom)
      releaseShare(at: slot)
      schedule.update(slot, &streams[slot])
      events.append(.closed(id))
    case .forgotten:
      remove(slot)
      events.append(.closed(id))
    case .ignore: break
    }
  }

  /// The reader is done with this many bytes of `.data`; the peer may send as many more. Window updates go
  /// out when half a window has come together.
  package mutating func consumed(_ bytes: Int, on id: StreamID) {
    guard let slot = streams.slot(of: id), streams[slot].state.resetCodeOwed == nil else { return }
    streams[slot].receiveWindow.consume(bytes)
    unreadBytes -= bytes
    schedule.update(slot, &streams[slot])
  }

  /// Measures the round trip; `.roundTrip` follows unless the peer stays silent. One ping is under way at a
  /// time.
  package mutating func ping(at now: Instant) {
    advance(to: now)
    guard case .running = phase else { return }
    liveness.request(at: now)
  }

  /// No new streams from now on, either way. The frame goes out when nothing else can be sent, because most
  /// peers close the connection when they see it.
  package mutating func goAway(code: UInt32) {
    guard case .running = phase, localGoAway == .none else { return }
    localGoAway = .owed(code: code)
  }

  // MARK: Send buffer

  /// False, and the owner noted down for a `.writable`, when the stream takes no more.
  private mutating func noteRoom(at slot: StreamTable.Slot) -> Bool {
    var hasRoom = true
    if streams[slot].queuedBytes >= configuration.sendBufferBytes {
      streams[slot].marks.insert(.awaitsRoom)
      hasRoom = false
    }
    if queuedBytes >= configuration.sendBufferTotalBytes {
      isCongested = true
      hasRoom = false
    }
    return hasRoom
  }

  /// Bytes left the send buffers. At half full, those who waited hear of it.
  mutating func releaseQueued(_ bytes: Int) {
    queuedBytes -= bytes
    guard isCongested, queuedBytes <= configuration.sendBufferTotalBytes / 2 else { return }
    isCongested = false
    // Sorted, because the order is seen from outside; rare, because half the total has drained since the last
    // time.
    for id in streams.ids {
      guard let slot = streams.slot(of: id), streams[slot].state.isWritable,
        !streams[slot].marks.contains(.awaitsRoom)
      else { continue }
      events.append(.writable(id))
    }
  }

  /// The same for one stream's own buffer.
  mutating func noteDrained(at slot: StreamTable.Slot) {
    guard streams[slot].marks.contains(.awaitsRoom),
      streams[slot].queuedBytes <= configuration.sendBufferBytes / 2
    else { return }
    streams[slot].marks.remove(.awaitsRoom)
    events.append(.writable(streams[slot].id))
  }

  /// The stream no longer waits for an ACK, or no longer owes one.
  mutating func settleHandshake(_ state: StreamState, of id: StreamID) {
    guard state.isUnacknowledged else { return }
    if isOurs(id) { outboundUnacknowledged -= 1 } else { inboundUnacknowledged -= 1 }
  }
}
