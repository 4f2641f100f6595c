import NIOCore
import SansIO
import Testing

@testable import Yamux

@Suite struct FrameTests {
  /// Written out by hand from the specification's field list.
  static let vectors: [(String, Frame, [UInt8])] = [
    ("open stream 1", Frame(.windowUpdate, .syn, stream: 1), [0, 1, 0, 1, 0, 0, 0, 1, 0, 0, 0, 0]),
    ("acknowledge it", Frame(.windowUpdate, .ack, stream: 1), [0, 1, 0, 2, 0, 0, 0, 1, 0, 0, 0, 0]),
    (
      "256 KiB of credit for stream 2", Frame(.windowUpdate, stream: 2, length: 262_144),
      [0, 1, 0, 0, 0, 0, 0, 2, 0, 4, 0, 0]
    ),
    ("last data", Frame(.data, .fin, stream: 0x0102_0304, length: 0), [0, 0, 0, 4, 1, 2, 3, 4, 0, 0, 0, 0]),
    ("data header", Frame(.data, stream: 3, length: 5), [0, 0, 0, 0, 0, 0, 0, 3, 0, 0, 0, 5]),
    (
      "reset, code 7", Frame(.windowUpdate, .rst, stream: 9, length: 7), [0, 1, 0, 8, 0, 0, 0, 9, 0, 0, 0, 7]
    ),
    ("ping", Frame(.ping, .syn, length: 0xDEAD_BEEF), [0, 2, 0, 1, 0, 0, 0, 0, 0xDE, 0xAD, 0xBE, 0xEF]),
    ("pong", Frame(.ping, .ack, length: 0xDEAD_BEEF), [0, 2, 0, 2, 0, 0, 0, 0, 0xDE, 0xAD, 0xBE, 0xEF]),
    ("go away", Frame(.goAway, length: 2), [0, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2]),
    (
      "every bit", Frame(.data, [.syn, .ack, .fin, .rst], stream: 0xFFFF_FFFF, length: 0),
      [0, 0, 0, 15, 255, 255, 255, 255, 0, 0, 0, 0]
    ),
  ]

  @Test(arguments: vectors)
  func vector(_ name: String, _ frame: Frame, _ bytes: [UInt8]) throws {
    var wire = ByteBuffer()
    frame.encode(into: &wire)
    #expect(Array(wire.readableBytesView) == bytes, "\(name)")
    var decoder = FrameDecoder()
    #expect(try decoder.next(from: &wire) == .frame(frame), "\(name)")
    #expect(wire.readableBytes == 0)
  }

  @Test(arguments: UInt64(0)..<50)
  func roundTripInRandomPieces(_ seed: UInt64) throws {
    var random = SeededGenerator(seed: seed)
    var wire = ByteBuffer()
    let sent = (0..<40).map { _ in randomMessage(&random) }
    for message in sent { message.encode(into: &wire) }

    var decoder = FrameDecoder()
    var found: [Message] = []
    while wire.readableBytes > 0 {
      var piece = wire.readSlice(length: Int.random(in: 1...min(30, wire.readableBytes), using: &random))!
      while let element = try decoder.next(from: &piece) {
        switch element {
        case .frame(let frame): found.append(Message(frame: frame))
        case .body(let frame, let slice, let isLast):
          #expect(frame == found[found.count - 1].frame)
          found[found.count - 1].body.writeImmutableBuffer(slice)
          #expect(isLast == (found[found.count - 1].body.readableBytes == Int(frame.length)))
        }
      }
      #expect(piece.readableBytes == 0)
    }
    #expect(found == sent)
    #expect(decoder.isAtBoundary)
  }

  private func randomMessage(_ random: inout SeededGenerator) -> Message {
    let kind = Frame.Kind.allCases.randomElement(using: &random)!
    let flags = Frame.Flags(rawValue: UInt16.random(in: 0...UInt16.max, using: &random))
    let id = StreamID(rawValue: UInt32.random(in: 0...UInt32.max, using: &random))
    if kind == .data {
      return .data(id, ByteBuffer(bytes: random.bytes(Int.random(in: 0...50, using: &random))), flags)
    }
    let length = UInt32.random(in: 0...UInt32.max, using: &random)
    return Message(frame: Frame(kind, flags, stream: id, length: length))
  }

  @Test func bodiesShareTheInputsStorage() throws {
    var wire = Message.data(1, zeros: 5000).encoded
    let end = wire.withUnsafeReadableBytes { $0.baseAddress! + $0.count }
    var decoder = FrameDecoder()
    _ = try decoder.next(from: &wire)
    guard case .body(_, let slice, isLast: true) = try decoder.next(from: &wire) else {
      Issue.record("no body")
      return
    }
    #expect(slice.withUnsafeReadableBytes { $0.baseAddress! + $0.count } == end)
  }

  @Test(arguments: [UInt8](1...255))
  func unknownVersion(_ version: UInt8) {
    var wire = ByteBuffer(bytes: [version, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0])
    var decoder = FrameDecoder()
    #expect(throws: YamuxError.unknownVersion(version)) { try decoder.next(from: &wire) }
  }

  @Test(arguments: [UInt8](4...255))
  func unknownType(_ type: UInt8) {
    var wire = ByteBuffer(bytes: [0, type, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0])
    var decoder = FrameDecoder()
    #expect(throws: YamuxError.unknownFrameType(type)) { try decoder.next(from: &wire) }
  }

  @Test func everyErrorKnowsWhoseFaultItIs() {
    #expect(YamuxError.creditOverflow(1, window: 1, credit: 2).fault == .peer)
    #expect(YamuxError.tooManyAbortedStreams.fault == .limit)
    #expect(YamuxError.unknownStream(1).fault == .local)
    #expect(YamuxError.windowExceeded(1, length: 1, window: 0).goAwayCode == GoAwayCode.protocolError)
    #expect(YamuxError.tooManyRefusals.goAwayCode == GoAwayCode.internalError)
    #expect(YamuxError.keepAliveTimeout.goAwayCode == nil)
  }
}
