import Multistream
import NIOCore
import SansIO
import Wire

// Negotiation: no byte after the agreement is touched, wherever the bytes were cut.
extension FuzzTarget {
  static let multistream = [
    FuzzTarget("multistream-dialer", seeds: dialerSeeds, run: multistreamDialer),
    FuzzTarget("multistream-listener", seeds: listenerSeeds, run: multistreamListener),
  ]

  private static func line(_ text: String) -> [UInt8] { [UInt8(text.utf8.count + 1)] + text.utf8 + [0x0A] }

  private static let header = line("/multistream/1.0.0")

  private static var dialerSeeds: [Seed] {
    [
      Seed("agreed", header + line("/a/1") + [1, 2, 3, 2]),
      Seed("second", header + line("na") + line("/b/1") + [3]),
      Seed("refused", header + line("na") + line("na") + [1]),
    ]
  }

  private static var listenerSeeds: [Seed] {
    [
      Seed("agreed", header + line("/a/1") + [1, 2, 3, 2]),
      Seed("second", header + line("/x") + line("/b/1") + [3]),
      Seed("list", header + line("ls") + line("/b/1") + [1]),
    ]
  }

  /// How a negotiation went, without what depends on the moment of a drain.
  private struct Course: Equatable {
    var agreed: ProtocolName?
    var failure: MultistreamError?
    var left: [UInt8] = []
    var sent: [UInt8] = []
  }

  private static func multistreamDialer(_ input: FuzzInput) {
    var input = input
    let mode = input.decision()
    let bytes = input.rest()
    let (whole, cut) = (dial(bytes, .whole), dial(bytes, Cutting(mode)))
    // An answer to what has not been said yet is refused, and how much has been said depends on the pieces.
    if whole.failure == .unexpectedAnswer || cut.failure == .unexpectedAnswer { return }
    expect(whole == cut, "a dialer does not care how bytes arrive: \(whole) \(cut)")
  }

  private static func dial(_ bytes: [UInt8], _ cutting: Cutting) -> Course {
    var dialer = Dialer(["/a/1", "/b/1"], lazy: false)
    return course(of: bytes, cutting) { piece, wire throws(MultistreamError) in
      _ = dialer.drainOutbound(into: &wire)
      let agreed = try dialer.receive(&piece)
      _ = dialer.drainOutbound(into: &wire)
      return agreed
    }
  }

  private static func multistreamListener(_ input: FuzzInput) {
    var input = input
    let mode = input.decision()
    let bytes = input.rest()
    let (whole, cut) = (listen(bytes, .whole), listen(bytes, Cutting(mode)))
    expect(whole == cut, "a listener does not care how bytes arrive: \(whole) \(cut)")
  }

  private static func listen(_ bytes: [UInt8], _ cutting: Cutting) -> Course {
    var listener = Listener()
    return course(of: bytes, cutting) { piece, wire throws(MultistreamError) in
      let agreed = try listener.receive(&piece) { $0 == "/a/1" || $0 == "/b/1" }
      _ = listener.drainOutbound(into: &wire)
      return agreed
    }
  }

  private static func course(
    of bytes: [UInt8], _ cutting: Cutting,
    _ receive: (inout ByteBuffer, inout ByteBuffer) throws(MultistreamError) -> ProtocolName?
  ) -> Course {
    var course = Course()
    var wire = ByteBuffer()
    for piece in cutting.pieces(of: bytes) {
      var piece = piece
      if course.agreed == nil {
        do throws(MultistreamError) {
          course.agreed = try receive(&piece, &wire)
        } catch {
          // What had been said by then depends on when it was drained; what was left, on where the piece
          // ended.
          return Course(failure: error)
        }
        expect(course.agreed != nil || piece.readableBytes == 0, "an open negotiation takes all")
      }
      course.left += piece.readableBytesView
    }
    course.sent = [UInt8](wire.readableBytesView)
    return course
  }
}
