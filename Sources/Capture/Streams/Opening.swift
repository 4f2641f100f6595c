import DequeModule
import Multistream
import NIOCore
import Wire

/// The first bytes of a channel, until it is known who dials.
///
/// That is mostly who said SYN first. Not in a simultaneous open, and nobody knows it where the capture has
/// no SYN; but always the one whose first proposal was there before any answer.
struct Opening: Sendable {
  enum Decision {
    case undecided
    case dialer(Role)
    /// Not multistream-select.
    case foreign(beginning: [UInt8], by: Role)
  }

  /// Where it is known from below.
  var dialer: Role?

  init(dialer: Role?) {
    self.dialer = dialer
  }

  private static let header = [UInt8]("\u{13}/multistream/1.0.0\n".utf8)

  private(set) var runs: Deque<(side: Role, run: Run)> = []
  private(set) var heldBytes = 0

  mutating func receive(_ run: Run, from side: Role, limit: Int) -> Decision {
    runs.append((side, run))
    heldBytes += run.bytes.readableBytes
    let beginning = beginning(of: side)
    let common = min(beginning.count, Self.header.count)
    guard beginning[..<common].elementsEqual(Self.header[..<common]) else {
      return .foreign(beginning: Array(beginning.prefix(OpaqueBytes.beginningMax)), by: side)
    }
    if hasProposal(beginning) { return .dialer(dialer ?? side) }
    return heldBytes > limit ? .dialer(.initiator) : .undecided
  }

  /// As many bytes as a header and a line can have.
  private func beginning(of side: Role) -> [UInt8] {
    let enough = Self.header.count + 2 + Negotiation.lineBytesMax
    var bytes: [UInt8] = []
    for (speaker, run) in runs where speaker == side && bytes.count < enough {
      bytes.append(contentsOf: run.bytes.readableBytesView.prefix(enough - bytes.count))
    }
    return bytes
  }

  private func hasProposal(_ bytes: [UInt8]) -> Bool {
    guard bytes.count > Self.header.count else { return false }
    var rest = ByteBuffer(bytes: bytes[Self.header.count...])
    var reader = LineReader()
    do throws(MultistreamError) {
      return try reader.nextLine(from: &rest) != nil
    } catch {
      return true  // not a line: let the negotiation say so
    }
  }
}
