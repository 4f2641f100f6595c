import NIOCore
import SansIO
import Wire
@testable import Yamux

// Yamux: the frames, a session against raw bytes, a session between a hostile peer and a busy owner, and two
// honest sessions that must get everything through.
extension FuzzTarget {
  static let yamux = [
    FuzzTarget("yamux-frames", seeds: yamuxSeeds, run: yamuxFrames),
    FuzzTarget("yamux-session", seeds: yamuxSeeds, run: yamuxSession),
    FuzzTarget("yamux-owner", seeds: [Seed("busy", (0..<96).map { UInt8(truncatingIfNeeded: $0 * 37) })]) {
      input in
      var rig = YamuxRig(input)
      rig.run()
    },
    FuzzTarget("yamux-pair", seeds: [Seed("busy", (0..<96).map { UInt8(truncatingIfNeeded: $0 * 41) })]) {
      input in
      var rig = YamuxPair(input)
      rig.run()
    },
  ]

  static func encode(_ frames: [(Frame, body: [UInt8])]) -> [UInt8] {
    var wire = ByteBuffer()
    for (frame, body) in frames {
      frame.encode(into: &wire)
      wire.writeBytes(body)
    }
    return [UInt8](wire.readableBytesView)
  }

  private static var yamuxSeeds: [Seed] {
    let one = StreamID(rawValue: 1)
    let open = (Frame(.windowUpdate, .syn, stream: one), body: [UInt8]())
    let data = (Frame(.data, stream: one, length: 3), body: [UInt8]([1, 2, 3]))
    return [
      Seed("stream", encode([open, data, (Frame(.windowUpdate, .fin, stream: one), body: [])]) + [3]),
      Seed(
        "first-data", encode([(Frame(.data, [.syn, .fin], stream: one, length: 2), body: [8, 9])]) + [1]),
      Seed("reset", encode([open, (Frame(.windowUpdate, .rst, stream: one, length: 7), body: [])]) + [0]),
      Seed("ping", encode([(Frame(.ping, .syn, length: 5), body: []), (Frame(.goAway), body: [])]) + [0]),
    ]
  }

  private static func yamuxFrames(_ input: FuzzInput) {
    var input = input
    let mode = input.decision()
    let bytes = input.rest()
    let (whole, cut) = (decode(bytes, .whole), decode(bytes, Cutting(mode)))
    expect(whole.bytes == cut.bytes && whole.failure == cut.failure, "frames do not care how bytes arrive")
    expect(whole.bytes == [UInt8](bytes.prefix(whole.bytes.count)), "frames are written as they are read")
  }

  private static func decode(_ bytes: [UInt8], _ cutting: Cutting) -> (bytes: [UInt8], failure: YamuxError?) {
    var decoder = FrameDecoder()
    var written = ByteBuffer()
    for piece in cutting.pieces(of: bytes) {
      var piece = piece
      do throws(YamuxError) {
        while let element = try decoder.next(from: &piece) {
          switch element {
          case .frame(let frame): frame.encode(into: &written)
          case .body(_, let slice, _): written.writeImmutableBuffer(slice)
          }
        }
      } catch {
        return ([UInt8](written.readableBytesView), error)
      }
      expect(piece.readableBytes == 0, "all is taken")
    }
    return ([UInt8](written.readableBytesView), nil)
  }

  private static func yamuxSession(_ input: FuzzInput) {
    var input = input
    let mode = input.decision()
    let bytes = input.rest()
    let (whole, cut) = (course(of: bytes, .whole), course(of: bytes, Cutting(mode)))
    expect(whole == cut, "a session does not care how bytes arrive: \(whole) \(cut)")
  }

  /// Events with neighbouring data of a stream joined, the error, and what is to be sent.
  private struct YamuxCourse: Equatable {
    var events: [Session.Event] = []
    var failure: YamuxError?
    var sent: [UInt8] = []

    mutating func note(_ event: Session.Event) {
      if case .data(let id, var bytes) = event, case .data(id, var before)? = events.last {
        before.writeBuffer(&bytes)
        events[events.count - 1] = .data(id, before)
      } else {
        events.append(event)
      }
    }
  }

  private static func course(of bytes: [UInt8], _ cutting: Cutting) -> YamuxCourse {
    var session = Session(role: .responder, configuration: Configuration(), now: .zero)
    var course = YamuxCourse()
    for piece in cutting.pieces(of: bytes) where course.failure == nil {
      session.receive(piece, at: .zero)
      do throws(YamuxError) {
        while let event = try session.nextEvent() { course.note(event) }
      } catch {
        course.failure = error
      }
    }
    var wire = ByteBuffer()
    while session.drainOutbound(into: &wire, maxBytes: 1 << 16) {}
    course.sent = [UInt8](wire.readableBytesView)
    return course
  }
}
