import DequeModule
import Identity
package import NIOCore
package import SansIO
import Wire

// Streams: what arrives on them, what leaves, how they end.
extension Service {
  // MARK: Inputs

  /// A peer has opened a hop stream.
  package mutating func streamOpened(_ stream: StreamHandle, at now: Instant) {
    self.now = now
    guard let connection = connections[stream.connection], streams[stream] == nil,
      connection.requests < configuration.requestsPerConnectionMax, requestCount < configuration.requestsMax
    else {
      counters.requestsOverLimit += 1
      events.append(.reset(stream))
      return
    }
    setState(.requested(LengthPrefixedFrames(maxBytes: messageBytesMax)), of: stream)
    deadlines.set(.stream(stream), to: now + configuration.requestTimeout)
  }

  /// Takes all of `bytes`; `consumed` follows, at once or when a circuit has handed them on.
  /// - Parameter nowMs: milliseconds since the Unix epoch, for a reservation's expiry.
  package mutating func receive(
    _ bytes: inout ByteBuffer, from stream: StreamHandle, nowMs: Int64, at now: Instant
  ) {
    self.now = now
    let count = bytes.readableBytes
    defer { bytes.moveReaderIndex(to: bytes.writerIndex) }
    switch streams[stream] {
    case .requested(var frames):
      frames.receive(&bytes)
      let frame: ByteBuffer?
      do { frame = try frames.nextFrame() } catch {
        events.append(.consumed(count, on: stream))
        return refuse(stream, .malformedMessage)
      }
      guard let frame else {
        events.append(.consumed(count, on: stream))
        streams[stream] = .requested(frames)
        return
      }
      let early = frames.takeUnread()
      events.append(.consumed(count - early.readableBytes, on: stream))
      request(frame, on: stream, early: early, nowMs: nowMs)
    case .circuit(let id, let end):
      circuitReceived(bytes, from: end, of: id)
    case .answered, nil:
      events.append(.consumed(count, on: stream))
    }
  }

  /// The peer will send no more on a stream.
  package mutating func remoteFinished(_ stream: StreamHandle, at now: Instant) {
    self.now = now
    switch streams[stream] {
    case .requested:
      counters.malformedMessages += 1
      setState(nil, of: stream)
      events.append(.reset(stream))
    case .circuit(let id, let end): circuitFinished(by: end, of: id)
    case .answered, nil: break
    }
  }

  /// A stream is gone: reset, or both its halves are finished.
  package mutating func streamEnded(_ stream: StreamHandle, wasReset: Bool, at now: Instant) {
    self.now = now
    switch streams[stream] {
    case .requested, .answered: setState(nil, of: stream)
    case .circuit(let id, let end): circuitLost(end, of: id, wasReset: wasReset)
    case nil: break
    }
  }

  // MARK: Requests

  private mutating func request(_ frame: ByteBuffer, on stream: StreamHandle, early: ByteBuffer, nowMs: Int64)
  {
    let message: HopMessage
    do { message = try HopMessage(decoding: frame) } catch { return refuse(stream, error.status) }
    switch message {
    case .reserve: reserve(stream, nowMs: nowMs)
    case .connect(let target): connect(stream, to: target, early: early)
    case .status: refuse(stream, .unexpectedMessage)
    }
  }

  /// A request that was none.
  private mutating func refuse(_ stream: StreamHandle, _ status: Status) {
    if status == .unexpectedMessage {
      counters.unexpectedMessages += 1
    } else {
      counters.malformedMessages += 1
    }
    answer(stream, .status(status, nil, .unlimited))
  }

  /// Sends the last that is to be said on a hop stream.
  mutating func answer(_ stream: StreamHandle, _ message: HopMessage) {
    setState(.answered(message.encoded), of: stream)
    line.append(stream)
    deadlines.set(.stream(stream), to: now + configuration.lingerTimeout)
  }

  mutating func streamIsLate(_ stream: StreamHandle) {
    guard let state = streams[stream] else { return }
    switch state {
    case .requested: counters.requestsTimedOut += 1
    case .answered: break
    case .circuit: return
    }
    setState(nil, of: stream)
    events.append(.reset(stream))
  }

  /// The one place where streams come and go.
  mutating func setState(_ state: StreamState?, of stream: StreamHandle) {
    if case .requested? = streams[stream] {
      requestCount -= 1
      connections[stream.connection]?.requests -= 1
    }
    if case .requested? = state {
      requestCount += 1
      connections[stream.connection]?.requests += 1
    }
    streams[stream] = state
    deadlines.set(.stream(stream), to: nil)
    if state == nil {
      connections[stream.connection]?.streams.remove(stream)
    } else {
      connections[stream.connection]?.streams.insert(stream)
    }
  }

  // MARK: Outputs

  /// The next stream that has something to send.
  package mutating func nextStreamWithOutbound() -> StreamHandle? {
    while let stream = line.popFirst() {
      switch streams[stream] {
      case .answered(let unsent) where unsent.readableBytes > 0: return stream
      case .circuit(let id, let end):
        circuits[id]?[end].isInLine = false
        if circuits[id]?.hasOutbound(end) == true { return stream }
      case .requested, .answered, nil: break
      }
    }
    return nil
  }

  /// A stream that had no room has some again.
  package mutating func streamWritable(_ stream: StreamHandle) {
    switch streams[stream] {
    case .answered(let unsent): if unsent.readableBytes > 0 { line.append(stream) }
    case .circuit(let id, let end): standInLine(end, of: id)
    case .requested, nil: break
    }
  }

  /// The next bytes to send on a stream, at most `maxBytes` and at most a turn's; nil when there are none.
  /// With more to come, the stream stands in line again.
  package mutating func nextChunk(for stream: StreamHandle, maxBytes: Int, at now: Instant) -> ByteBuffer? {
    self.now = now
    switch streams[stream] {
    case .answered(var unsent):
      guard maxBytes > 0, let chunk = unsent.readSlice(length: min(maxBytes, unsent.readableBytes)),
        chunk.readableBytes > 0
      else { return nil }
      streams[stream] = .answered(unsent)
      if unsent.readableBytes == 0 { events.append(.finish(stream)) } else { line.append(stream) }
      return chunk
    case .circuit(let id, let end):
      return circuitChunk(for: end, of: id, maxBytes: min(maxBytes, configuration.quantumBytes))
    case .requested, nil:
      return nil
    }
  }
}
