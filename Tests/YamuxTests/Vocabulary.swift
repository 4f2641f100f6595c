import NIOCore
import SansIO
import Testing
import Wire

@testable import Yamux

extension StreamID: ExpressibleByIntegerLiteral {
  /// So that tests can write `1` for stream 1.
  public init(integerLiteral value: UInt32) { self.init(rawValue: value) }
}

extension Instant {
  static func seconds(_ seconds: Int) -> Instant { .zero + .seconds(seconds) }
  static func milliseconds(_ milliseconds: Int) -> Instant { .zero + .milliseconds(milliseconds) }
}

/// One frame with its body, as a test writes it down or as it was found on the wire.
struct Message: Hashable, CustomStringConvertible {
  var frame: Frame
  var body = ByteBuffer()

  static func data(_ id: StreamID, _ text: String = "", _ flags: Frame.Flags = []) -> Message {
    .data(id, ByteBuffer(string: text), flags)
  }
  static func data(_ id: StreamID, zeros count: Int, _ flags: Frame.Flags = []) -> Message {
    .data(id, ByteBuffer(repeating: 0, count: count), flags)
  }
  static func data(_ id: StreamID, _ body: ByteBuffer, _ flags: Frame.Flags = []) -> Message {
    Message(frame: Frame(.data, flags, stream: id, length: UInt32(body.readableBytes)), body: body)
  }
  static func window(_ id: StreamID, _ credit: UInt32 = 0, _ flags: Frame.Flags = []) -> Message {
    Message(frame: Frame(.windowUpdate, flags, stream: id, length: credit))
  }
  static func syn(_ id: StreamID) -> Message { .window(id, 0, .syn) }
  static func ack(_ id: StreamID) -> Message { .window(id, 0, .ack) }
  static func fin(_ id: StreamID) -> Message { .window(id, 0, .fin) }
  static func rst(_ id: StreamID, code: UInt32 = 0) -> Message { .window(id, code, .rst) }
  static func ping(_ value: UInt32) -> Message { Message(frame: Frame(.ping, .syn, length: value)) }
  static func pong(_ value: UInt32) -> Message { Message(frame: Frame(.ping, .ack, length: value)) }
  static func goAway(_ code: UInt32) -> Message { Message(frame: Frame(.goAway, length: code)) }

  func encode(into wire: inout ByteBuffer) {
    frame.encode(into: &wire)
    wire.writeImmutableBuffer(body)
  }

  var encoded: ByteBuffer {
    var wire = ByteBuffer()
    encode(into: &wire)
    return wire
  }

  var description: String {
    let flags = frame.flags.rawValue
    return "\(frame.kind)(\(frame.stream), flags \(flags), \(frame.length)) \(body.readableBytes) bytes"
  }
}

/// The frames in a stretch of wire; fails on anything that is not whole frames.
func messages(in wire: ByteBuffer) throws -> [Message] {
  var wire = wire
  var decoder = FrameDecoder()
  var found: [Message] = []
  while let element = try decoder.next(from: &wire) {
    switch element {
    case .frame(let frame): found.append(Message(frame: frame))
    case .body(_, let slice, _): found[found.count - 1].body.writeImmutableBuffer(slice)
    }
  }
  #expect(decoder.isAtBoundary, "the wire ends inside a frame")
  return found
}

extension Session.Event {
  static func text(_ id: StreamID, _ text: String) -> Session.Event { .data(id, ByteBuffer(string: text)) }
}

/// An expectation that costs nothing while it holds, for what is checked a million times.
func expect(
  _ holds: Bool, _ message: @autoclosure () -> String = "", sourceLocation: SourceLocation = #_sourceLocation
) {
  if !holds { Issue.record("does not hold \(message())", sourceLocation: sourceLocation) }
}

/// One session whose peer is the test: frames in, events and frames out.
struct Bench {
  var session: Session
  var now = Instant.seconds(1)

  init(_ role: Role = .responder, _ change: (inout Configuration) -> Void = { _ in }) {
    var configuration = Configuration()
    // Time passes in these tests without keep-alive wanting a word, unless the test is about it.
    configuration.keepAliveInterval = nil
    change(&configuration)
    session = Session(role: role, configuration: configuration, now: now)
  }

  mutating func receive(_ messages: Message...) throws -> [Session.Event] {
    var wire = ByteBuffer()
    for message in messages { message.encode(into: &wire) }
    return try receive(wire)
  }

  mutating func receive(_ wire: ByteBuffer) throws -> [Session.Event] {
    session.receive(wire, at: now)
    return try events()
  }

  mutating func events() throws -> [Session.Event] {
    var events: [Session.Event] = []
    while let event = try session.nextEvent() { events.append(event) }
    return events
  }

  /// The session must end with this error, and tell the peer with this code.
  mutating func violates(
    _ error: YamuxError, goAway code: UInt32? = 1, _ messages: Message...,
    sourceLocation: SourceLocation = #_sourceLocation
  ) throws {
    var wire = ByteBuffer()
    for message in messages { message.encode(into: &wire) }
    session.receive(wire, at: now)
    try fails(error, goAway: code, sourceLocation: sourceLocation)
  }

  mutating func fails(
    _ error: YamuxError, goAway code: UInt32? = 1, sourceLocation: SourceLocation = #_sourceLocation
  ) throws {
    #expect(throws: error, sourceLocation: sourceLocation) {
      while try session.nextEvent() != nil {}
    }
    #expect(session.isFailed && session.streamCount == 0, sourceLocation: sourceLocation)
    #expect(try sent() == code.map { [.goAway($0)] } ?? [], sourceLocation: sourceLocation)
    #expect(!session.hasOutbound && session.deadline == nil, sourceLocation: sourceLocation)
    #expect(throws: error, sourceLocation: sourceLocation) { try session.nextEvent() }
  }

  /// What the session writes now, in one drain.
  mutating func sent(maxBytes: Int = 1 << 20) throws -> [Message] {
    var wire = ByteBuffer()
    let promised = session.hasOutbound
    let wrote = session.drainOutbound(into: &wire, maxBytes: maxBytes)
    #expect(wrote == (wire.readableBytes > 0))
    #expect(wrote == promised || maxBytes < 13, "hasOutbound said \(promised)")
    #expect(wire.readableBytes <= maxBytes)
    return try messages(in: wire)
  }

  /// Drains and looks away.
  mutating func flush() throws {
    while session.hasOutbound { _ = try sent() }
  }

  mutating func write(_ text: String, to id: StreamID) throws {
    try session.write(ByteBuffer(string: text), to: id)
  }

  mutating func write(zeros count: Int, to id: StreamID) throws {
    try session.write(ByteBuffer(repeating: 0, count: count), to: id)
  }

  /// An outbound stream the peer has acknowledged.
  mutating func opened() throws -> StreamID {
    let id = try session.open()
    _ = try sent()
    _ = try receive(.ack(id))
    return id
  }

  /// An inbound stream we have acknowledged.
  mutating func accepted(_ id: StreamID) throws -> StreamID {
    #expect(try receive(.syn(id)) == [.opened(id)])
    _ = try sent()
    return id
  }
}
