import NIOCore
import SansIO
import Wire
@testable import Yamux

/// A session between a peer that says anything and an owner that does anything, with limits small enough to
/// be reached. The bytes of the run are a programme of both sides' moves.
struct YamuxRig {
  private var input: FuzzInput
  private var session: Session
  private let configuration: Configuration
  private var now = Instant.zero

  /// Streams the owner knows: reported or opened, and not reported closed.
  private var known: [StreamID: Known] = [:]
  private var everKnown: Set<StreamID> = []
  private var failure: YamuxError?

  private struct Known {
    var unreadBytes = 0
    var isRemoteFinished = false
    var isReset = false
  }

  init(_ input: FuzzInput) {
    self.input = input
    var configuration = Configuration()
    configuration.streamsMax = 6
    configuration.inboundStreamsMax = 4
    configuration.ackBacklogMax = 3
    configuration.windowBytesMax = 1 << 20
    configuration.receiveBudgetBytes = 8 * 256 * 1024
    configuration.sendBufferBytes = 600
    configuration.sendBufferTotalBytes = 1500
    configuration.quantumBytes = 64
    configuration.frameBytesMax = 200
    configuration.pongsMax = 3
    configuration.refusalsMax = 5
    configuration.abortedStreamsBurst = 20
    self.configuration = configuration
    let role: Role = self.input.byte() & 1 == 1 ? .initiator : .responder
    session = Session(role: role, configuration: configuration, now: now)
  }

  mutating func run() {
    while !input.isEmpty, failure == nil {
      move()
      pull()
      check()
    }
    finish()
  }

  // MARK: Moves

  private mutating func move() {
    switch input.byte() & 15 {
    case 0: session.receive(ByteBuffer(bytes: input.take(Int(input.byte()))), at: now)
    case 1: receiveAnyFrame()
    case 2: receive(Frame(.windowUpdate, .syn, stream: theirs(input.byte())))
    case 3: open()
    case 4: write()
    case 5: session.finish(anyStream())
    case 6: reset()
    case 7: consume()
    case 8: advance(.milliseconds(Int64(input.short())))
    case 9: session.ping(at: now)
    case 10: if input.byte() == 0 { session.goAway(code: 0) }
    case 11: drain(upTo: Int(input.byte()) * 8)
    case 12: drainAll()
    case 13: session.releaseIdleStorage()
    case 14: receiveData()
    default: receive(Frame(.windowUpdate, stream: anyStream(), length: input.number()))
    }
  }

  private mutating func receive(_ frame: Frame, bodyBytes: Int = 0) {
    var wire = ByteBuffer()
    frame.encode(into: &wire)
    session.receive(wire, at: now)
    guard bodyBytes > 0, let body = Self.zeros.getSlice(at: 0, length: bodyBytes) else { return }
    pull()
    session.receive(body, at: now)
  }

  /// As much of the body as there is; the rest of a longer one is made of the frames that follow.
  private static func bodyBytes(of frame: Frame) -> Int {
    frame.kind == .data ? min(Int(frame.length), zeros.readableBytes) : 0
  }

  /// Bodies, all in one place: large ones are cheap.
  private static let zeros = ByteBuffer(repeating: 0, count: 1 << 20)

  private mutating func receiveAnyFrame() {
    let (kind, flags, stream) = (input.byte(), input.byte(), input.byte())
    let frame = Frame(
      Frame.Kind(rawValue: kind & 3) ?? .data, Frame.Flags(rawValue: UInt16(flags & 15)),
      stream: StreamID(rawValue: UInt32(stream & 31)), length: input.number())
    receive(frame, bodyBytes: Self.bodyBytes(of: frame))
  }

  private mutating func receiveData() {
    let flags: Frame.Flags = input.byte() & 7 == 0 ? .fin : []
    let frame = Frame(.data, flags, stream: anyStream(), length: input.number())
    receive(frame, bodyBytes: Self.bodyBytes(of: frame))
  }

  private mutating func open() {
    let canOpen = session.canOpen
    do throws(YamuxError) {
      let id = try session.open()
      expect(canOpen, "only what can be opened is")
      expect(everKnown.insert(id).inserted, "\(id) is new")
      known[id] = Known()
    } catch {
      expect(!canOpen, "what can be opened is: \(error)")
    }
  }

  private mutating func write() {
    let id = anyStream()
    let count = Int(input.byte())
    let room = session.writableBytes(id)
    let before = session.sendBufferedBytes
    do throws(YamuxError) {
      try session.write(ByteBuffer(repeating: 7, count: count), to: id)
      expect(room > 0, "\(room) bytes of room took \(count)")
      expect(session.sendBufferedBytes == before + count, "a write is queued whole")
    } catch {
      expect(room <= 0, "\(room) bytes of room took none: \(error)")
      expect(session.sendBufferedBytes == before, "a write that is refused leaves nothing")
    }
  }

  private mutating func reset() {
    let id = anyStream()
    session.reset(id, code: UInt32(input.byte()))
    known[id]?.isReset = true
  }

  private mutating func consume() {
    let id = anyStream()
    guard let unread = known[id]?.unreadBytes, unread > 0 else { return }
    let count = input.byte() & 1 == 1 ? unread : 1 + Int(input.number()) % unread
    session.consumed(count, on: id)
    known[id]?.unreadBytes -= count
  }

  private mutating func advance(_ duration: Duration) {
    now += duration
    session.advance(to: now)
  }

  private mutating func drain(upTo maxBytes: Int) {
    var wire = ByteBuffer()
    let wrote = session.drainOutbound(into: &wire, maxBytes: maxBytes)
    expect(
      wrote == (wire.readableBytes > 0) && wire.readableBytes <= maxBytes,
      "\(wire.readableBytes) of \(maxBytes)")
    var decoder = FrameDecoder()
    while certain("our own frames", { () throws(YamuxError) in try decoder.next(from: &wire) }) != nil {}
    expect(decoder.isAtBoundary, "frames leave whole")
  }

  private mutating func drainAll() {
    for _ in 0..<10_000 where session.hasOutbound {
      var wire = ByteBuffer()
      expect(session.drainOutbound(into: &wire, maxBytes: 1 << 16), "what has outbound drains")
    }
    expect(!session.hasOutbound, "draining ends")
  }

  private func theirs(_ choice: UInt8) -> StreamID {
    StreamID(rawValue: UInt32(choice & 15) * 2 + (session.role == .initiator ? 2 : 1))
  }

  private mutating func anyStream() -> StreamID {
    let ids = known.keys.sorted()
    let choice = Int(input.byte())
    return ids.isEmpty || choice > 250 ? theirs(UInt8(choice & 15)) : ids[choice % ids.count]
  }

  // MARK: Events

  private mutating func pull() {
    do throws(YamuxError) {
      while let event = try session.nextEvent() { note(event) }
    } catch {
      failure = error
      expect(session.isFailed, "an error ends the session")
      expect(firstFailure() == error, "an error is final")
    }
  }

  private mutating func firstFailure() -> YamuxError? {
    do throws(YamuxError) {
      _ = try session.nextEvent()
      return nil
    } catch {
      return error
    }
  }

  private mutating func note(_ event: Session.Event) {
    switch event {
    case .opened(let id):
      expect(!session.isOurs(id) && everKnown.insert(id).inserted, "\(id) is new and theirs")
      known[id] = Known()
    case .data(let id, let bytes):
      guard let stream = known[id] else { fatalError("violated: data of \(id), which is gone") }
      expect(!stream.isRemoteFinished && !stream.isReset, "data of \(id) after its end")
      expect(bytes.readableBytes > 0, "data is never empty")
      known[id]?.unreadBytes += bytes.readableBytes
    case .remoteFinished(let id):
      expect(known[id].map { !$0.isRemoteFinished } ?? false, "\(id) finishes once")
      known[id]?.isRemoteFinished = true
    case .reset(let id, _): expect(known[id] != nil, "\(id) is reset while it is there")
    case .writable(let id): expect(known[id] != nil, "\(id) is writable while it is there")
    case .closed(let id): expect(known.removeValue(forKey: id) != nil, "\(id) closes once")
    case .roundTrip, .goAway: break
    }
  }

  // MARK: Invariants

  private func check() {
    let limits = configuration
    expect(session.streamCount <= limits.streamsMax, "\(session.streamCount) streams")
    expect(session.inboundStreamCount <= limits.inboundStreamsMax, "\(session.inboundStreamCount) inbound")
    expect(
      session.sendBufferedBytes <= limits.sendBufferTotalBytes + 255, "\(session.sendBufferedBytes) queued")
    expect(session.receiveWindowBytes <= limits.receiveBudgetBytes, "\(session.receiveWindowBytes) of window")
    expect(
      session.pongs.count <= limits.pongsMax && session.refusals.count <= limits.refusalsMax, "owed answers")
    if case .failed = session.phase { return }
    let streams = session.streams.ids.compactMap { session.streams.slot(of: $0) }.map { session.streams[$0] }
    expect(session.queuedBytes == streams.reduce(0) { $0 + $1.queuedBytes }, "queued bytes add up")
    let unread = streams.reduce(0) { $0 + Int($1.receiveWindow.unreadBytes) }
    expect(session.unreadBytes == unread, "unread bytes add up")
    expect(
      session.grownBytes == streams.reduce(0) { $0 + $1.receiveWindow.grownBytes }, "growth adds up")
    expect(session.inboundCount == streams.count { !session.isOurs($0.id) }, "inbound streams add up")
    let waiting = streams.filter(\.state.isUnacknowledged).map(\.id)
    expect(session.outboundUnacknowledged == waiting.count { session.isOurs($0) }, "our streams without ACK")
    expect(
      session.inboundUnacknowledged == waiting.count { !session.isOurs($0) }, "their streams without ACK")
    for stream in streams {
      let id = stream.id
      expect(
        stream.marks.contains(.control) == stream.owesControl,
        "\(id) is scheduled for what it owes: \(stream)")
      expect(
        stream.marks.contains(.ready) == (stream.sendableBytes > 0),
        "\(id) is scheduled for its data: \(stream)")
      guard let owner = known[id] else {
        expect(stream.state.resetCodeOwed != nil, "\(id) is known to its owner, or owes its reset")
        continue
      }
      expect(Int(stream.receiveWindow.unreadBytes) >= owner.unreadBytes, "\(id) holds what was not consumed")
    }
    expect(known.keys.allSatisfy { session.streams.slot(of: $0) != nil }, "what the owner knows is there")
  }

  /// Whatever happened: what is owed can be sent, and time brings no endless deadline.
  private mutating func finish() {
    drainAll()
    pull()
    for _ in 0..<8 {
      guard let deadline = session.deadline else { return }
      now = max(now, deadline)
      session.advance(to: now)
      pull()
      drainAll()
      expect(session.deadline.map { $0 > now } ?? true, "a deadline that was kept is not due again")
    }
    expect(session.isFailed, "a peer that is silent for ever is given up")
  }
}
