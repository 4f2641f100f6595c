import DequeModule
import NIOCore
import Node
import Runtime
import SansIO

/// Streams: bytes between the node and the tasks that read and write.
extension Switchboard {
  /// Written at once: small enough that a stream's queue stays near its bound, large enough to fill frames.
  private static let pieceBytes = 64 * 1024
  /// What a peer may still send on a stream that nobody reads before it is told to stop.
  private static let discardBytesMax = 1024 * 1024

  // MARK: Reading

  enum Read {
    case bytes(ByteBuffer)
    case end
    case wait
  }

  func read(from stream: StreamHandle) throws -> Read {
    guard let state = streams[stream] else { throw MeshError.streamClosed }
    if state.reader != nil { throw MeshError.concurrentRead }
    if let bytes = state.inbox.popFirst() {
      taken(bytes.readableBytes, state, stream)
      return .bytes(bytes)
    }
    switch state.incoming {
    case .open: return .wait
    case .finished: return .end
    case .failed(let error): throw error
    }
  }

  func wait(toRead stream: StreamHandle, as reader: StreamState.Reader) {
    // Nothing ran since `read` said so: the stream is there, and nobody else reads it.
    streams[stream]?.reader = reader
  }

  func cancelRead(_ ticket: Ticket, of stream: StreamHandle) {
    guard let state = streams[stream], let reader = state.reader, reader.ticket == ticket else { return }
    state.reader = nil
    reader.continuation.resume(throwing: CancellationError())
  }

  func receive(_ data: ByteBuffer, on stream: StreamHandle) {
    guard let state = streams[stream] else { return }
    if let left = state.discardBytesLeft {
      discard(data.readableBytes, left, state, stream)
    } else if let reader = state.reader {
      state.reader = nil
      taken(data.readableBytes, state, stream)
      reader.continuation.resume(returning: data)
    } else {
      state.inbox.append(data)
    }
  }

  func end(_ stream: StreamHandle, _ end: StreamState.Incoming) {
    guard let state = streams[stream], case .open = state.incoming else { return }
    state.incoming = end
    guard let reader = state.reader else { return }
    state.reader = nil
    switch end {
    case .open, .finished: reader.continuation.resume(returning: nil)
    case .failed(let error): reader.continuation.resume(throwing: error)
    }
  }

  private func taken(_ count: Int, _ state: StreamState, _ stream: StreamHandle) {
    if !state.isClosed { shell.consumed(count, on: stream) }
  }

  private func discard(_ count: Int, _ left: Int, _ state: StreamState, _ stream: StreamHandle) {
    state.discardBytesLeft = left - count
    if left > count { taken(count, state, stream) } else { reset(stream, code: 0) }
  }

  // MARK: Writing

  /// Nil when everything is queued; otherwise what is left for ``wait(toWrite:as:)``.
  func write(_ data: ByteBuffer, to stream: StreamHandle) throws -> ByteBuffer? {
    guard let state = streams[stream], !state.isFinished else { throw MeshError.streamClosed }
    if case .failed(let error) = state.incoming { throw error }
    if !state.writers.isEmpty { return data }
    var rest = data
    return try push(&rest, to: stream) ? nil : rest
  }

  func wait(toWrite stream: StreamHandle, as writer: StreamState.Writer) {
    streams[stream]?.writers.append(writer)
  }

  func cancelWrite(_ ticket: Ticket, of stream: StreamHandle) {
    guard let state = streams[stream], let index = state.writers.firstIndex(where: { $0.ticket == ticket })
    else { return }
    state.writers.remove(at: index).continuation.resume(throwing: CancellationError())
    advanceWriters(state, of: stream)
  }

  func advanceWriters(_ state: StreamState, of stream: StreamHandle) {
    while !state.writers.isEmpty {
      do {
        guard try push(&state.writers[0].rest, to: stream) else { return }
        state.writers.removeFirst().continuation.resume()
      } catch {
        return failWriters(state, error)
      }
    }
    if state.isFinished, !state.isClosed { shell.finish(stream) }
  }

  /// False when the stream's queue is full; `rest` is what is left.
  private func push(_ rest: inout ByteBuffer, to stream: StreamHandle) throws(MeshError) -> Bool {
    while rest.readableBytes > 0 {
      guard let piece = rest.getSlice(at: rest.readerIndex, length: min(rest.readableBytes, Self.pieceBytes))
      else { preconditionFailure("no \(Self.pieceBytes) bytes in \(rest)") }
      do {
        try shell.write(piece, to: stream)
      } catch .sendBufferFull {
        return false
      } catch {
        throw MeshError(error)
      }
      rest.moveReaderIndex(forwardBy: piece.readableBytes)
    }
    return true
  }

  private func failWriters(_ state: StreamState, _ error: any Error) {
    let writers = state.writers
    state.writers.removeAll()
    for writer in writers { writer.continuation.resume(throwing: error) }
  }

  // MARK: Ending

  /// Writers that wait still get their bytes out first.
  func finish(_ stream: StreamHandle) {
    guard let state = streams[stream], !state.isFinished else { return }
    state.isFinished = true
    if !state.isClosed, state.writers.isEmpty { shell.finish(stream) }
  }

  func reset(_ stream: StreamHandle, code: UInt32) {
    guard let state = streams[stream], !state.isClosed else { return }
    shell.reset(stream, code: code)
    streamClosed(stream, .failed(.streamClosed))
  }

  /// The node knows nothing of the stream any more.
  func streamClosed(_ stream: StreamHandle, _ cause: StreamState.Incoming) {
    guard let state = streams[stream], !state.isClosed else { return }
    state.isClosed = true
    state.isFinished = true
    if case .failed(let error) = cause { failWriters(state, error) }
    end(stream, cause)
    if state.discardBytesLeft != nil { streams[stream] = nil }
  }

  /// Nobody has the stream any more. Finished by us, it may end in its own time; otherwise that is a reset.
  func dropped(_ stream: StreamHandle) {
    guard let state = streams[stream] else { return }
    if state.isClosed {
      streams[stream] = nil
      return
    }
    state.discardBytesLeft = Self.discardBytesMax
    if !state.isFinished { return reset(stream, code: 0) }
    let unread = state.inbox.removeAll()
    if unread > 0 { taken(unread, state, stream) }
  }
}
