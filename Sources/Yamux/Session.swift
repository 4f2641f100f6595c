import DequeModule
package import NIOCore
package import SansIO
package import Wire

/// One side of a Yamux connection. Yamux.swift says how to drive it.
package struct Session: Sendable {
  package enum Event: Hashable, Sendable {
    /// The peer opened a stream. It is acknowledged with the next drain.
    case opened(StreamID)
    /// Bytes of a stream, in order, in the caller's storage. Give them back with `consumed`.
    case data(StreamID, ByteBuffer)
    /// The peer will send no more on this stream.
    case remoteFinished(StreamID)
    /// The peer reset the stream; what was queued for it is gone. `.closed` follows.
    case reset(StreamID, code: UInt32)
    /// A full send buffer has room again.
    case writable(StreamID)
    /// Both halves are finished and everything is written, or the stream was reset by either side: forget the
    /// id.
    case closed(StreamID)
    /// A ping was answered.
    case roundTrip(Duration)
    /// The peer takes no new streams, and Go, Rust and Python peers close at once. Reported once.
    case goAway(code: UInt32)
  }

  /// What is dropped without being an error: the whole list, counted.
  package struct Drops: Hashable, Sendable {
    /// Frames without SYN for streams we do not have, or reset: late, for all we can know.
    package var lateFrames: UInt64 = 0
    /// Their bodies, and the rest of a body when its stream goes in the middle of it.
    package var lateBytes: UInt64 = 0
    /// Streams turned away with RST because a limit was reached or we said go away.
    package var refusedStreams: UInt64 = 0
    /// Pings beyond `pongsMax` owed answers.
    package var unansweredPings: UInt64 = 0
    /// Answers to no ping of ours.
    package var unexpectedPongs: UInt64 = 0
  }

  enum Phase: Sendable {
    case running
    case failed(YamuxError)
  }

  enum LocalGoAway: Hashable, Sendable {
    case none
    case owed(code: UInt32)
    case sent
  }

  package let role: Role
  package private(set) var configuration: Configuration
  package internal(set) var drops = Drops()

  var phase = Phase.running
  var now: Instant
  var decoder = FrameDecoder()
  var inbound = ByteBuffer()
  /// The body that is arriving was booked against its stream's window when its header came.
  var isBodyCharged = false
  var events = Deque<Event>()

  var streams = StreamTable()
  var schedule = Schedule()
  var liveness: Liveness
  var usedIdentifiers = UsedIdentifiers()
  var abortedStreams: TokenBucket
  var nextStreamID: StreamID?

  /// Streams the peer opened.
  var inboundCount = 0
  /// Ours it has not acknowledged, and its own we have not.
  var outboundUnacknowledged = 0
  var inboundUnacknowledged = 0
  /// Receive window beyond 256 KiB a stream, all streams.
  var grownBytes = 0
  /// What the peer has sent of its windows, or begun to send, and the owner has not consumed: of streams in
  /// the table.
  package internal(set) var unreadBytes = 0
  var queuedBytes = 0
  /// The total send buffer was full: streams that were not full themselves are told when it has room.
  var isCongested = false

  var pongs = Deque<UInt32>()
  var refusals = Deque<StreamID>()
  var localGoAway = LocalGoAway.none
  var remoteGoAway = false

  package init(role: Role, configuration: Configuration, now: Instant) {
    configuration.validate()
    self.role = role
    self.configuration = configuration
    self.now = now
    liveness = Liveness(now: now)
    abortedStreams = TokenBucket(
      interval: .seconds(1) / configuration.abortedStreamsPerSecond,
      burst: configuration.abortedStreamsBurst, now: now)
    nextStreamID = StreamID(rawValue: role == .initiator ? 1 : 2)
  }

  // MARK: Inputs

  /// Takes the next bytes of the connection. Pull `nextEvent` until nil before the next call.
  package mutating func receive(_ bytes: ByteBuffer, at now: Instant) {
    guard case .running = phase else { return }
    precondition(
      inbound.readableBytes == 0, "\(inbound.readableBytes) bytes not pulled before the next receive")
    // Before the timers, so that a late turn of the driver does not find the peer silent with its bytes in
    // hand.
    if bytes.readableBytes > 0 { liveness.heard(at: max(self.now, now)) }
    advance(to: now)
    inbound = bytes
  }

  // MARK: Time

  /// When `advance(to:)` must be called at the latest.
  package var deadline: Instant? {
    guard case .running = phase else { return nil }
    return liveness.deadline(configuration)
  }

  package mutating func advance(to now: Instant) {
    self.now = max(self.now, now)
    guard case .running = phase else { return }
    switch liveness.advance(to: self.now, configuration) {
    case .nothing, .pingDue: break
    case .silent: fail(.keepAliveTimeout)
    }
  }

  /// From now on a silent peer is asked after `interval`, and given up after `timeout` more.
  package mutating func keepAlive(every interval: Duration, timeout: Duration) {
    configuration.keepAliveInterval = interval
    configuration.keepAliveTimeout = timeout
  }

  // MARK: Outputs

  /// The next thing that happened, or nil when the bytes received are used up. A throw ends the session;
  /// every later call throws the same.
  package mutating func nextEvent() throws(YamuxError) -> Event? {
    while true {
      if let event = events.popFirst() { return event }
      if case .failed(let error) = phase { throw error }
      do throws(YamuxError) {
        switch try decoder.next(from: &inbound) {
        case nil:
          inbound = ByteBuffer()
          return nil
        case .frame(let frame):
          try frameReceived(frame)
        case .body(let frame, let slice, let isLast):
          if let event = bodyReceived(slice, of: frame, isLast: isLast) { return event }
        }
      } catch {
        fail(error)
      }
    }
  }

  // MARK: What holds now

  package var streamCount: Int { streams.count }
  package var inboundStreamCount: Int { inboundCount }

  /// Bytes taken by `write` and not yet drained.
  package var sendBufferedBytes: Int { queuedBytes }

  /// The sum of receive windows: what the peer may still make us hold.
  package var receiveWindowBytes: Int { streams.count * Int(Window.initialBytes) + grownBytes }

  /// The smoothed round trip, once a ping was answered.
  package var roundTrip: Duration? { liveness.roundTrip }

  package var isFailed: Bool {
    if case .failed = phase { true } else { false }
  }

  /// Gives back what queues and tables hold empty. For a connection that falls idle.
  package mutating func releaseIdleStorage() {
    if events.isEmpty { events = Deque() }
    if pongs.isEmpty { pongs = Deque() }
    if refusals.isEmpty { refusals = Deque() }
    streams.releaseIdleStorage()
    schedule.releaseIdleStorage()
  }

  // MARK: Ends

  /// Drops everything but the go away frame.
  mutating func fail(_ error: YamuxError) {
    guard case .running = phase else { return }
    phase = .failed(error)
    inbound = ByteBuffer()
    streams = StreamTable()
    schedule = Schedule()
    pongs = Deque()
    refusals = Deque()
    (inboundCount, outboundUnacknowledged, inboundUnacknowledged) = (0, 0, 0)
    (grownBytes, unreadBytes, queuedBytes, isCongested) = (0, 0, 0, false)
    if let code = error.goAwayCode { localGoAway = .owed(code: code) }
  }

  /// Takes a stream that is over out of the table.
  mutating func remove(_ slot: StreamTable.Slot) {
    schedule.remove(slot, &streams[slot])
    releaseShare(at: slot)
    if !isOurs(streams[slot].id) { inboundCount -= 1 }
    streams.remove(slot)
  }

  /// Returns what the stream holds of the session's budgets, when it is over or only owes its RST.
  mutating func releaseShare(at slot: StreamTable.Slot) {
    grownBytes -= streams[slot].receiveWindow.grownBytes
    unreadBytes -= Int(streams[slot].receiveWindow.unreadBytes)
    streams[slot].receiveWindow = ReceiveWindow(now: now)
    let bytes = streams[slot].queuedBytes
    streams[slot].dropQueue()
    releaseQueued(bytes)
  }

  func isOurs(_ id: StreamID) -> Bool { id.isOdd == (role == .initiator) }
}
