import NIOCore
import SansIO

/// One direction of a TCP connection: segments in any order to bytes in theirs (RFC 9293, section 3.4).
///
/// Offsets count bytes from the first after the SYN and do not wrap; sequence numbers are taken as those
/// nearest to the byte that is due. Where segments overlap, what came first stands, whatever the second says.
struct Reassembly: Sendable {
  enum Output {
    case bytes(ByteBuffer)
    /// Bytes that will not come, though more behind them did.
    case missing(Int)
  }

  fileprivate struct Piece: Sendable {
    var offset: Int
    var bytes: ByteBuffer
    var end: Int { offset + bytes.readableBytes }
  }

  /// Of offset 0; nil until something of this direction was seen.
  private(set) var base: UInt32?
  /// The offset that is due.
  private(set) var next = 0
  /// In order, apart from each other, all behind `next`.
  private var waiting: [Piece] = []
  private(set) var waitingBytes = 0
  /// The other side has acknowledged what we do not have, and when that was seen.
  private var hole: (acknowledged: Int, since: Stamp)?
  private let limits: Limits

  init(limits: Limits) {
    self.limits = limits
  }

  /// What comes first, where that is known: the sequence number behind the SYN.
  mutating func begin(at sequence: UInt32) {
    if base == nil { base = sequence }
  }

  /// Takes a segment's payload.
  /// - Parameter wireBytes: of the payload on the wire, where the capture may have fewer.
  mutating func receive(_ payload: ByteBuffer, at sequence: UInt32) {
    begin(at: sequence)
    guard let offset = offset(of: sequence), payload.readableBytes > 0 else { return }
    insert(Piece(offset: offset, bytes: payload))
  }

  /// The other side has acknowledged everything before this.
  mutating func acknowledged(_ sequence: UInt32, at stamp: Stamp) {
    guard base != nil, let first = waiting.first, let offset = offset(of: sequence), offset >= first.offset,
      hole == nil
    else { return }
    hole = (offset, stamp)
  }

  /// Pulled until nil. `isEnd`: nothing more comes, so that no hole can be filled.
  mutating func next(at stamp: Stamp, isEnd: Bool = false) -> Output? {
    guard let first = waiting.first else { return nil }
    if first.offset > next {
      guard isEnd || isLost(at: stamp) else { return nil }
      hole = nil
      defer { next = first.offset }
      return .missing(first.offset - next)
    }
    waiting.removeFirst()
    waitingBytes -= first.bytes.readableBytes
    next = first.end
    if waiting.isEmpty { hole = nil }
    return .bytes(first.bytes)
  }

  /// Whether the hole at the front stays one: the receiver has its bytes, and they did not come late; or
  /// more waits than may.
  ///
  /// A capture sees an acknowledgement before the bytes it is for only where packets overtake each other,
  /// which is over in much less than `patience`.
  private func isLost(at stamp: Stamp) -> Bool {
    if waitingBytes > limits.outOfOrderBytesMax || waiting.count > limits.outOfOrderPiecesMax { return true }
    guard let hole, let first = waiting.first, hole.acknowledged >= first.offset else { return false }
    return stamp.time - hole.since.time >= Self.patience
  }

  static let patience: Duration = .seconds(2)

  /// Nil before the first byte of all is known, and beyond what can be counted.
  private func offset(of sequence: UInt32) -> Int? {
    guard let base else { return nil }
    let due = base &+ UInt32(truncatingIfNeeded: next)
    return next + Int(Int32(bitPattern: sequence &- due))
  }

  /// Keeps what of the piece is new.
  private mutating func insert(_ piece: Piece) {
    var rest = piece
    rest.dropPrefix(to: next)
    // The pieces before this one that may reach into it begin here.
    var index = waiting.firstIndex { $0.end > rest.offset } ?? waiting.count
    while rest.bytes.readableBytes > 0 {
      guard index < waiting.count else { return add(rest, at: index) }
      let present = waiting[index]
      if rest.offset < present.offset {
        let part = rest.bytes.prefix(present.offset - rest.offset)
        add(Piece(offset: rest.offset, bytes: part), at: index)
        index += 1
      }
      rest.dropPrefix(to: present.end)
      index += 1
    }
  }

  private mutating func add(_ piece: Piece, at index: Int) {
    waiting.insert(piece, at: index)
    waitingBytes += piece.bytes.readableBytes
  }
}

extension Reassembly.Piece {
  fileprivate mutating func dropPrefix(to limit: Int) {
    let excess = min(limit - offset, bytes.readableBytes)
    guard excess > 0 else { return }
    bytes.moveReaderIndex(forwardBy: excess)
    offset += excess
  }
}
