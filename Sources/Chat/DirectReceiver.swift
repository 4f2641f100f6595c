import DequeModule
package import NIOCore
package import SansIO
import Wire

/// The side that accepted a stream: reads messages at its own pace, answers each.
///
/// What a peer can make us hold is the protocol's window: a message counts until its answer has been handed
/// out, and one more is a violation. So a recipient that keeps slowly, or is sent too much, simply answers
/// later, and the sender waits. An error thrown by `nextEvent` means: reset the stream.
package struct DirectReceiver: Sendable {
  package enum Event: Hashable, Sendable {
    /// Answer it with `acknowledge`, or not at all.
    case received(DirectMessage)
    /// The peer finished the stream and every answer has been handed out.
    case ended
  }

  package struct Limits: Hashable, Sendable {
    /// How fast messages are taken: a queue of some hours goes through in seconds, a flood does not.
    package var rate = Configuration.Rate(burst: 64, interval: .milliseconds(125))
    /// How long a stream may go without a whole message or an answer. Longer than a sender keeps it.
    package var idle: Duration = .seconds(120)

    package init() {}
  }

  private enum Phase: Sendable {
    case open
    /// The peer has finished; answers may still be owed.
    case finishing
    case ended
    case failed
  }

  private let limits: Limits
  private var phase = Phase.open
  private var frames = LengthPrefixedFrames(maxBytes: DirectForm.frameBytesMax)
  private var budget: TokenBucket
  /// Read and not handed on; oldest first.
  private var held: Deque<DirectMessage> = []
  /// While the budget is spent.
  private var pausedUntil: Instant?
  /// Handed on and not answered.
  private var unanswered: Set<String> = []
  private var outbound = ByteBuffer()
  /// Answers not yet handed out, for the window.
  private var unsentAnswers: Deque<(id: String, end: UInt64)> = []
  private var writtenBytes: UInt64 = 0
  private var drainedBytes: UInt64 = 0
  private var lastProgress: Instant
  private var now: Instant
  private var failure: DirectError?

  package init(at now: Instant, limits: Limits = Limits()) {
    self.limits = limits
    self.now = now
    lastProgress = now
    budget = limits.rate.bucket(at: now)
  }

  /// Messages that count against the window.
  private var openCount: Int { held.count + unanswered.count + unsentAnswers.count }

  // MARK: Commands

  /// Answers a message.
  /// - Returns: false when no message of this stream waits for it.
  @discardableResult
  package mutating func acknowledge(
    _ id: String, _ acknowledgement: Acknowledgement, at now: Instant
  ) -> Bool {
    self.now = now
    guard unanswered.contains(id), let bytes = Hexadecimal.bytes(id, count: MessageKey.idBytes) else {
      return false
    }
    unanswered.remove(id)
    lastProgress = now
    let before = outbound.readableBytes
    LengthPrefixedFrames.encode(DirectForm.encode(acknowledgement, of: bytes), into: &outbound)
    writtenBytes += UInt64(outbound.readableBytes - before)
    unsentAnswers.append((id, writtenBytes))
    return true
  }

  // MARK: Inputs

  /// Takes all of `bytes`.
  package mutating func receive(_ bytes: inout ByteBuffer, at now: Instant) {
    self.now = now
    guard phase == .open else {
      bytes.moveReaderIndex(to: bytes.writerIndex)
      return
    }
    frames.receive(&bytes)
    do throws(DirectError) {
      while let frame = try nextFrame() { try take(frame) }
    } catch {
      fail(error)
    }
  }

  private mutating func nextFrame() throws(DirectError) -> ByteBuffer? {
    do { return try frames.nextFrame() } catch { throw .malformedFrame(error) }
  }

  private mutating func take(_ frame: ByteBuffer) throws(DirectError) {
    guard openCount < DirectForm.windowMessages else { throw .windowExceeded }
    let message = try DirectForm.decodeMessage(frame)
    let isOpen =
      unanswered.contains(message.id) || held.contains { $0.id == message.id }
      || unsentAnswers.contains { $0.id == message.id }
    guard !isOpen else { throw .repeatedID }
    held.append(message)
    lastProgress = now
  }

  package mutating func remoteFinished(at now: Instant) {
    self.now = now
    guard phase == .open else { return }
    if frames.isAtBoundary { phase = .finishing } else { fail(.endedEarly) }
  }

  // MARK: Time

  package var deadline: Instant? {
    switch phase {
    case .open, .finishing:
      let idle = lastProgress + limits.idle
      guard !held.isEmpty, let pausedUntil else { return idle }
      return min(idle, pausedUntil)
    case .ended, .failed: return nil
    }
  }

  package mutating func advance(to now: Instant) {
    self.now = now
    guard phase == .open || phase == .finishing, now >= lastProgress + limits.idle else { return }
    fail(.idle)
  }

  // MARK: Outputs

  package mutating func nextEvent() throws(DirectError) -> Event? {
    if let error = failure {
      failure = nil
      throw error
    }
    switch phase {
    case .open: return nextMessage()
    case .finishing:
      if let message = nextMessage() { return message }
      guard openCount == 0 else { return nil }
      phase = .ended
      return .ended
    case .ended, .failed: return nil
    }
  }

  private mutating func nextMessage() -> Event? {
    guard !held.isEmpty else { return nil }
    guard budget.take(at: now) else {
      pausedUntil = now + limits.rate.interval
      return nil
    }
    pausedUntil = nil
    let message = held.removeFirst()
    unanswered.insert(message.id)
    return .received(message)
  }

  /// The next bytes to send, at most `maxBytes`; nil when there are none now.
  package mutating func nextChunk(maxBytes: Int, at now: Instant) -> ByteBuffer? {
    self.now = now
    let count = min(maxBytes, outbound.readableBytes)
    guard count > 0, let chunk = outbound.readSlice(length: count) else { return nil }
    if outbound.readableBytes == 0 { outbound = ByteBuffer() }
    drainedBytes += UInt64(count)
    lastProgress = now
    while let first = unsentAnswers.first, first.end <= drainedBytes { unsentAnswers.removeFirst() }
    return chunk
  }

  /// Nothing more will be sent: finish our half of the stream.
  package var outboundFinished: Bool {
    switch phase {
    case .open, .failed: false
    case .finishing: openCount == 0
    case .ended: true
    }
  }

  private mutating func fail(_ error: DirectError) {
    phase = .failed
    held = []
    unanswered = []
    unsentAnswers = []
    outbound = ByteBuffer()
    failure = error
  }
}
