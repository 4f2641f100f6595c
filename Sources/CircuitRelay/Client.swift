import DequeModule
package import Identity
package import NIOCore
import OrderedCollections
package import SansIO
package import Wire

/// Somebody who is reached through relays, and reaches others through them.
///
/// The driver names relays with `addCandidate` and tells of direct connections to them; the machine keeps
/// reservations at as many as are desired and says where peers can reach us. After each call pull `nextEvent`
/// until nil. Once `circuitOpened` is told, the stream is the driver's: a transport connection like any
/// other,
/// whose bytes this machine sees no more. It only wants their count, to warn before a relay's limit.
package struct Client: Sendable {
  package enum Event: Hashable, Sendable {
    /// Connect to a relay; answer with `peerConnected` or `connectFailed`.
    case connect(PeerID, [Multiaddr])
    /// Open a hop stream on a direct connection to this peer; answer with `opened` or `openFailed`.
    case openHop(OpenID, to: PeerID)
    /// Send this; it is little, and the first or second thing on its stream.
    case write(ByteBuffer, on: StreamHandle)
    case consumed(Int, on: StreamHandle)
    /// Nothing more will be sent on it.
    case finish(StreamHandle)
    case reset(StreamHandle)
    case reservation(PeerID, ReservationState)
    /// Where we can be reached through relays now, the peer we are left off.
    case addressesChanged([Multiaddr])
    /// The stream is a connection now. `early` came on it already; it has not been said to be consumed.
    case circuitOpened(CircuitDescription, on: StreamHandle, early: ByteBuffer)
    case circuitFailed(CircuitID, CircuitFailure)
    /// The relay will soon cut this circuit: open another one and move. Told once.
    case circuitEnding(CircuitID, CircuitEnding)
  }

  enum Due: Hashable, Sendable {
    /// A relay's next attempt, its answer, its refresh, its expiry.
    case attempt(PeerID), answer(PeerID), refresh(PeerID), expiry(PeerID)
    case stream(StreamHandle), circuit(CircuitID)
    case choice, surplus
  }

  enum StreamState: Sendable {
    case reserving(PeerID, LengthPrefixedFrames)
    case dialling(CircuitID, LengthPrefixedFrames)
    case accepting(PeerID, LengthPrefixedFrames)
    /// The last has been said on it.
    case answered
    /// The driver's.
    case circuit(CircuitID)
  }

  enum Purpose: Sendable {
    case reserve(PeerID)
    case dial(CircuitID)
  }

  package let own: PeerID
  package let configuration: ClientConfiguration
  package internal(set) var counters = ClientCounters()

  var generator: SeededGenerator
  var now: Instant
  var events: Deque<Event> = []
  var deadlines = DeadlineQueue<Due>()
  var relays: OrderedDictionary<PeerID, RelayState> = [:]
  var announced: [Multiaddr] = []
  var streams: [StreamHandle: StreamState] = [:]
  var opening: [OpenID: Purpose] = [:]
  var openNumber: UInt64 = 0
  var circuits: [CircuitID: ClientCircuit] = [:]
  var circuitNumber: UInt64 = 0

  /// - Parameters:
  ///   - own: who we are.
  ///   - generator: for jitter; a fork of the node's.
  package init(
    own: PeerID, configuration: ClientConfiguration = .init(), generator: SeededGenerator, now: Instant
  ) {
    self.own = own
    self.configuration = configuration
    self.generator = generator
    self.now = now
  }

  // MARK: Streams

  /// The hop stream that was asked for.
  package mutating func opened(_ open: OpenID, as stream: StreamHandle, at now: Instant) {
    self.now = now
    let frames = LengthPrefixedFrames(maxBytes: messageBytesMax)
    switch opening.removeValue(forKey: open) {
    case .reserve(let relay):
      streams[stream] = .reserving(relay, frames)
      relays[relay]?.attempt = .asking(stream)
      events.append(.write(HopMessage.reserve.encoded, on: stream))
    case .dial(let id):
      guard let circuit = circuits[id] else { return events.append(.reset(stream)) }
      streams[stream] = .dialling(id, frames)
      circuits[id]?.stream = stream
      events.append(.write(HopMessage.connect(to: circuit.peer).encoded, on: stream))
    case nil:
      events.append(.reset(stream))
    }
  }

  /// - Parameter isUnsupported: whether the peer does not speak the protocol, rather than being gone.
  package mutating func openFailed(_ open: OpenID, isUnsupported: Bool, at now: Instant) {
    self.now = now
    switch opening.removeValue(forKey: open) {
    case .reserve(let relay): attemptFailed(relay, isUnsupported ? .unsupported : .closed)
    case .dial(let id): dialFailed(id, isUnsupported ? .unsupported : .closed)
    case nil: break
    }
  }

  /// A peer has opened a stop stream.
  package mutating func streamOpened(_ stream: StreamHandle, by peer: PeerID, at now: Instant) {
    self.now = now
    guard streams[stream] == nil else { return }
    guard streams.count < configuration.streamsMax else {
      counters.circuitsDenied += 1
      return events.append(.reset(stream))
    }
    guard relays[peer]?.held != nil else {
      counters.circuitsDenied += 1
      return answer(.permissionDenied, on: stream)
    }
    streams[stream] = .accepting(peer, LengthPrefixedFrames(maxBytes: messageBytesMax))
    deadlines.set(.stream(stream), to: now + configuration.acceptTimeout)
  }

  /// Takes all of `bytes` of a stream that is not yet a circuit.
  /// - Parameter nowMs: milliseconds since the Unix epoch, to judge a reservation's expiry.
  package mutating func receive(
    _ bytes: inout ByteBuffer, from stream: StreamHandle, nowMs: Int64, at now: Instant
  ) {
    self.now = now
    let count = bytes.readableBytes
    var frames: LengthPrefixedFrames
    switch streams[stream] {
    case .reserving(_, let part), .dialling(_, let part), .accepting(_, let part): frames = part
    case .answered, .circuit, nil:
      bytes.moveReaderIndex(to: bytes.writerIndex)
      return events.append(.consumed(count, on: stream))
    }
    frames.receive(&bytes)
    let frame: ByteBuffer?
    do { frame = try frames.nextFrame() } catch {
      events.append(.consumed(count, on: stream))
      return violated(stream, .malformedMessage)
    }
    guard let frame else {
      keep(frames, of: stream)
      return events.append(.consumed(count, on: stream))
    }
    let early = frames.takeUnread()
    events.append(.consumed(count - early.readableBytes, on: stream))
    do throws(CircuitRelayError) {
      try take(frame, early: early, from: stream, nowMs: nowMs)
    } catch {
      violated(stream, error)
    }
  }

  private mutating func keep(_ frames: LengthPrefixedFrames, of stream: StreamHandle) {
    switch streams[stream] {
    case .reserving(let relay, _): streams[stream] = .reserving(relay, frames)
    case .dialling(let id, _): streams[stream] = .dialling(id, frames)
    case .accepting(let relay, _): streams[stream] = .accepting(relay, frames)
    case .answered, .circuit, nil: break
    }
  }

  private mutating func take(
    _ frame: ByteBuffer, early: ByteBuffer, from stream: StreamHandle, nowMs: Int64
  ) throws(CircuitRelayError) {
    switch streams[stream] {
    case .reserving(let relay, _):
      guard case .status(let status, let reservation, let limit) = try HopMessage(decoding: frame) else {
        throw .unexpectedMessage
      }
      streams[stream] = .answered
      deadlines.set(.stream(stream), to: now + configuration.acceptTimeout)
      if early.readableBytes > 0 { events.append(.consumed(early.readableBytes, on: stream)) }
      events.append(.finish(stream))
      reservationAnswered(by: relay, status, reservation, limit, nowMs: nowMs)
    case .dialling(let id, _):
      guard case .status(let status, _, let limit) = try HopMessage(decoding: frame) else {
        throw .unexpectedMessage
      }
      dialAnswered(id, status, limit, early: early, on: stream)
    case .accepting(let relay, _):
      guard case .connect(let peer, let limit) = try StopMessage(decoding: frame) else {
        throw .unexpectedMessage
      }
      accept(peer, through: relay, limit, early: early, on: stream)
    case .answered, .circuit, nil: break
    }
  }

  /// The peer will send no more on a stream that is not yet a circuit.
  package mutating func remoteFinished(_ stream: StreamHandle, at now: Instant) {
    self.now = now
    switch streams[stream] {
    case .reserving, .dialling, .accepting: violated(stream, .endedEarly)
    case .answered, .circuit, nil: break
    }
  }

  /// A stream is gone, whether it is a circuit or not.
  /// - Parameter wasRefused: whether the peer does not speak the protocol of a stream of ours, which may be
  ///   known only after it was used.
  package mutating func streamEnded(_ stream: StreamHandle, wasRefused: Bool = false, at now: Instant) {
    self.now = now
    let state = streams.removeValue(forKey: stream)
    deadlines.set(.stream(stream), to: nil)
    switch state {
    case .reserving(let relay, _): attemptFailed(relay, wasRefused ? .unsupported : .closed)
    case .dialling(let id, _): dialFailed(id, wasRefused ? .unsupported : .closed)
    case .circuit(let id): forget(id)
    case .accepting, .answered, nil: break
    }
  }

  private mutating func violated(_ stream: StreamHandle, _ error: CircuitRelayError) {
    if error == .timedOut { counters.timeouts += 1 } else { counters.malformedMessages += 1 }
    let state = streams.removeValue(forKey: stream)
    deadlines.set(.stream(stream), to: nil)
    switch state {
    case .reserving(let relay, _):
      events.append(.reset(stream))
      attemptFailed(relay, .invalid(error))
    case .dialling(let id, _):
      circuits[id]?.stream = nil
      events.append(.reset(stream))
      dialFailed(id, .invalid(error))
    case .accepting: answer(error.status, on: stream)
    case .answered, .circuit, nil: events.append(.reset(stream))
    }
  }

  /// Says the last on a stop stream that becomes no circuit.
  mutating func answer(_ status: Status, on stream: StreamHandle) {
    streams[stream] = .answered
    deadlines.set(.stream(stream), to: now + configuration.acceptTimeout)
    events.append(.write(StopMessage.status(status).encoded, on: stream))
    events.append(.finish(stream))
  }

  mutating func open(_ purpose: Purpose, to relay: PeerID) -> OpenID {
    openNumber += 1
    let open = OpenID(rawValue: openNumber)
    opening[open] = purpose
    events.append(.openHop(open, to: relay))
    return open
  }

  // MARK: Time

  package var deadline: Instant? {
    mutating get { deadlines.earliest }
  }

  package mutating func advance(to now: Instant) {
    self.now = now
    while let due = deadlines.popExpired(at: now) {
      switch due {
      case .attempt, .choice: choose()
      case .answer(let relay):
        counters.timeouts += 1
        attemptFailed(relay, .invalid(.timedOut))
      case .refresh(let relay): refresh(relay)
      case .expiry(let relay): lose(relay, .expired)
      case .surplus: releaseSurplus()
      case .stream(let stream): streamIsLate(stream)
      case .circuit(let id): circuitIsDue(id)
      }
    }
  }

  private mutating func streamIsLate(_ stream: StreamHandle) {
    if case .accepting? = streams[stream] { return violated(stream, .timedOut) }
    streams[stream] = nil
    events.append(.reset(stream))
  }

  // MARK: Outputs

  package mutating func nextEvent() -> Event? { events.popFirst() }
}
