import DequeModule
import Multistream
import NIOCore
import Wire

/// The first bytes of a channel, until it is known who dials.
///
/// Mostly that is who said SYN first; but not when holes are punched (DCUtR), for then roles are agreed on
/// before, and whose SYN comes through is chance. Both say the same lines, and a capture may have them in any
/// order. But the dialer's first Noise message is a bare key, the other's is longer; and "na" is an answer.
struct Opening: Sendable {
  enum Decision {
    case undecided
    case dialer(Role)
    /// Not multistream-select.
    case foreign(beginning: [UInt8], by: Role)
  }

  private static let header = [UInt8]("\u{13}/multistream/1.0.0\n".utf8)
  /// Of one side: a dozen proposals. Who has said more without telling who dials is taken at its first word.
  private static let bytesMax = 4096
  /// Noise XX, message 1 (Noise specification, section 7.5): `e`.
  private static let firstMessageBytes: UInt16 = 32

  private(set) var runs: Deque<(side: Role, run: Run)> = []
  private(set) var heldBytes = 0
  /// Whose first line after the header was there first: a guess, where nothing says more.
  private(set) var firstProposer = Role.initiator
  private var hasProposal = false

  mutating func receive(_ run: Run, from side: Role, limit: Int) -> Decision {
    runs.append((side, run))
    heldBytes += run.bytes.readableBytes
    let beginning = beginning(of: side)
    let common = min(beginning.count, Self.header.count)
    guard beginning[..<common].elementsEqual(Self.header[..<common]) else {
      return .foreign(beginning: Array(beginning.prefix(OpaqueBytes.beginningMax)), by: side)
    }
    if let dialer = dialer(by: side, saying: beginning.dropFirst(common)) { return .dialer(dialer) }
    let isEnough = heldBytes > limit || beginning.count == Self.bytesMax
    return isEnough ? .dialer(firstProposer) : .undecided
  }

  private func beginning(of side: Role) -> [UInt8] {
    var bytes: [UInt8] = []
    for (speaker, run) in runs where speaker == side && bytes.count < Self.bytesMax {
      bytes.append(contentsOf: run.bytes.readableBytesView.prefix(Self.bytesMax - bytes.count))
    }
    return bytes
  }

  /// Who dials, if what this side says behind its header tells.
  private mutating func dialer(by side: Role, saying bytes: ArraySlice<UInt8>) -> Role? {
    var rest = ByteBuffer(bytes: bytes)
    var reader = LineReader()
    do throws(MultistreamError) {
      while let line = try reader.nextLine(from: &rest) {
        if !hasProposal { (hasProposal, firstProposer) = (true, side) }
        switch String(buffer: line) {
        case "na": return side.opposite
        case "/noise":
          guard let length = rest.getInteger(at: rest.readerIndex, as: UInt16.self) else { return nil }
          return length == Self.firstMessageBytes ? side : side.opposite
        default: continue
        }
      }
      return nil
    } catch {
      return firstProposer  // not a line: let the negotiation say so
    }
  }
}
