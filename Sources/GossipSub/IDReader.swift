import NIOCore

/// Reads the message ids in an IHAVE, IWANT or IDONTWANT, one at a time.
struct IDReader {
  private var reader: FieldReader
  private let number: UInt64
  private let bytesMax: Int
  /// Ids passed over because no honest peer's are empty or so long.
  private(set) var oversized: UInt64 = 0

  init(_ body: ByteBuffer, field number: UInt64, bytesMax: Int) {
    reader = FieldReader(body)
    self.number = number
    self.bytesMax = bytesMax
  }

  mutating func next() throws(RouterError) -> MessageID? {
    while let field = try reader.next() {
      guard field.number == number else { continue }
      guard case .bytes(let bytes) = field.value else { throw .malformedRPC }
      if 1...bytesMax ~= bytes.readableBytes { return MessageID(bytes) }
      oversized += 1
    }
    return nil
  }
}
