import DequeModule
package import NIOCore
package import SansIO
import Wire

/// The side that opened a stream: writes messages, reads what became of them.
///
/// Finishes the stream after a while without messages. An error thrown by `nextEvent` means: reset the
/// stream. What was not confirmed then is sent again on another one.
package struct DirectSender: Sendable {
  package enum Event: Hashable, Sendable {
    /// The whole of a message has been handed out to be sent.
    case sent(id: String)
    case acknowledged(id: String, Acknowledgement)
    /// The stream is over, in good order.
    case ended
  }

  package struct Timeouts: Hashable, Sendable {
    /// How long nothing may be confirmed while something is owed. Longer than a full disk cache takes to be
    /// written out; a window at the recipient's pace takes a few seconds.
    package var acknowledgement: Duration = .seconds(30)
    /// How long a stream without messages is kept.
    package var idle: Duration = .seconds(60)

    package init() {}
  }

  private enum Phase: Sendable {
    case open
    /// No more messages; everything is confirmed.
    case finishing
    case ended
    case failed
  }

  private let timeouts: Timeouts
  private var phase = Phase.open
  private var frames = LengthPrefixedFrames(maxBytes: DirectForm.acknowledgementBytesMax)
  private var outbound = ByteBuffer()
  /// Where in what was ever written the frames not yet handed out end.
  private var unsent: Deque<(id: String, end: UInt64)> = []
  private var writtenBytes: UInt64 = 0
  private var drainedBytes: UInt64 = 0
  private var unconfirmed: Set<String> = []
  private var lastProgress: Instant

  // Outputs not yet pulled.
  private var events: Deque<Event> = []
  private var failure: DirectError?

  package init(at now: Instant, timeouts: Timeouts = Timeouts()) {
    self.timeouts = timeouts
    lastProgress = now
  }

  // MARK: Commands

  /// Whether `send` may be called.
  package var hasRoom: Bool { phase == .open && unconfirmed.count < DirectForm.windowMessages }

  /// Takes a message to be sent. Only while there is room, and never one that is on the stream already.
  package mutating func send(_ message: Message, at now: Instant) {
    precondition(hasRoom && !unconfirmed.contains(message.key.id), "\(message.key) in \(self)")
    guard let frame = DirectForm.encode(message) else {
      preconditionFailure("a direct message of ours without an identifier: \(message.key)")
    }
    if unconfirmed.isEmpty { lastProgress = now }
    unconfirmed.insert(message.key.id)
    let before = outbound.readableBytes
    LengthPrefixedFrames.encode(frame, into: &outbound)
    writtenBytes += UInt64(outbound.readableBytes - before)
    unsent.append((message.key.id, writtenBytes))
  }

  // MARK: Inputs

  /// Takes all of `bytes`.
  package mutating func receive(_ bytes: inout ByteBuffer, at now: Instant) {
    guard phase == .open || phase == .finishing else {
      bytes.moveReaderIndex(to: bytes.writerIndex)
      return
    }
    frames.receive(&bytes)
    do throws(DirectError) {
      while let frame = try nextFrame() { try confirm(frame, at: now) }
    } catch {
      fail(error)
    }
  }

  private mutating func nextFrame() throws(DirectError) -> ByteBuffer? {
    do { return try frames.nextFrame() } catch { throw .malformedFrame(error) }
  }

  private mutating func confirm(_ frame: ByteBuffer, at now: Instant) throws(DirectError) {
    let (id, acknowledgement) = try DirectForm.decodeAcknowledgement(frame)
    // What has not left cannot have arrived.
    guard unconfirmed.contains(id), !unsent.contains(where: { $0.id == id }) else {
      throw .unexpectedAcknowledgement
    }
    unconfirmed.remove(id)
    lastProgress = now
    events.append(.acknowledged(id: id, acknowledgement))
  }

  package mutating func remoteFinished(at now: Instant) {
    guard phase == .open || phase == .finishing else { return }
    guard unconfirmed.isEmpty, frames.isAtBoundary else { return fail(.endedEarly) }
    phase = .ended
    events.append(.ended)
  }

  // MARK: Time

  package var deadline: Instant? {
    switch phase {
    case .open: lastProgress + (unconfirmed.isEmpty ? timeouts.idle : timeouts.acknowledgement)
    case .finishing, .ended, .failed: nil
    }
  }

  package mutating func advance(to now: Instant) {
    guard let deadline, now >= deadline else { return }
    if unconfirmed.isEmpty { phase = .finishing } else { fail(.timedOut) }
  }

  // MARK: Outputs

  package mutating func nextEvent() throws(DirectError) -> Event? {
    if let event = events.popFirst() { return event }
    if let error = failure {
      failure = nil
      throw error
    }
    return nil
  }

  /// The next bytes to send, at most `maxBytes`; nil when there are none now.
  package mutating func nextChunk(maxBytes: Int, at now: Instant) -> ByteBuffer? {
    let count = min(maxBytes, outbound.readableBytes)
    guard count > 0, let chunk = outbound.readSlice(length: count) else { return nil }
    if outbound.readableBytes == 0 { outbound = ByteBuffer() }
    drainedBytes += UInt64(count)
    while let first = unsent.first, first.end <= drainedBytes {
      unsent.removeFirst()
      events.append(.sent(id: first.id))
    }
    return chunk
  }

  /// Nothing more will be sent: finish our half of the stream.
  package var outboundFinished: Bool {
    switch phase {
    case .open, .failed: false
    case .finishing, .ended: true
    }
  }

  private mutating func fail(_ error: DirectError) {
    phase = .failed
    outbound = ByteBuffer()
    unsent = []
    unconfirmed = []
    failure = error
  }
}
