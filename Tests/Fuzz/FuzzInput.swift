import NIOCore
import SansIO

/// The bytes of one run. Formats are read from the front, so that a seed is simply a valid example; decisions
/// that are no part of the format, such as where to cut, are taken from the back.
struct FuzzInput {
  private var bytes: ArraySlice<UInt8>

  init(_ bytes: some Sequence<UInt8>) {
    self.bytes = [UInt8](bytes)[...]
  }

  var isEmpty: Bool { bytes.isEmpty }

  // MARK: From the back

  /// A decision; zero when nothing is left.
  mutating func decision() -> UInt8 { bytes.popLast() ?? 0 }

  // MARK: From the front

  /// Zero when nothing is left.
  mutating func byte() -> UInt8 { bytes.popFirst() ?? 0 }

  mutating func short() -> UInt16 { UInt16(byte()) << 8 | UInt16(byte()) }

  /// A number that is often small, often near a limit, and sometimes anything: numbers in protocols break at
  /// edges.
  mutating func number() -> UInt32 {
    let shape = byte()
    return switch shape >> 5 {
    case 0, 1, 2, 3: UInt32(shape)
    case 4: UInt32(shape & 31) << 13
    case 5: (256 * 1024) &+ UInt32(shape & 31) &- 16
    case 6: UInt32(short()) << 16 | UInt32(short())
    default: .max &- UInt32(shape & 31)
    }
  }

  mutating func take(_ count: Int) -> [UInt8] {
    let taken = [UInt8](bytes.prefix(count))
    bytes = bytes.dropFirst(count)
    return taken
  }

  mutating func rest() -> [UInt8] {
    defer { bytes = [] }
    return [UInt8](bytes)
  }

  mutating func restAsText() -> String { String(decoding: rest(), as: UTF8.self) }
}

/// How a stream of bytes is cut into the pieces it arrives in.
struct Cutting {
  private let mode: UInt8

  init(_ mode: UInt8) {
    self.mode = mode
  }

  /// In one piece.
  static let whole = Cutting(0)

  /// The pieces, none of them empty and each in storage of its own, as a socket has it. A third of the
  /// cuttings are coarse, a third fine, and one is byte by byte.
  func pieces(of bytes: [UInt8]) -> [ByteBuffer] {
    switch mode {
    case 0: return bytes.isEmpty ? [] : [ByteBuffer(bytes: bytes)]
    case 1: return bytes.map { ByteBuffer(bytes: [$0]) }
    default:
      var generator = SeededGenerator(seed: UInt64(mode))
      var pieces: [ByteBuffer] = []
      var rest = bytes[...]
      while !rest.isEmpty {
        let count = Int.random(in: 1...(1 << (1 + Int(mode % 11))), using: &generator)
        pieces.append(ByteBuffer(bytes: rest.prefix(count)))
        rest = rest.dropFirst(count)
      }
      return pieces
    }
  }
}
