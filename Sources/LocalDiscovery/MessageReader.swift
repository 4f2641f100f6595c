import NIOCore
import Wire

extension Message {
  /// Reads a message. Bounded by its own length and by ``entriesMax``; pointers in names must each lead
  /// further back than the one before, so that names end.
  init(decoding packet: ByteBuffer) throws(MessageError) {
    var reader = MessageReader(packet)
    id = try reader.integer()
    let flags: UInt16 = try reader.integer()
    // Operation and result code must be zero.
    guard flags & 0x780F == 0 else { throw .unsupported }
    isResponse = flags & 0x8000 != 0
    isTruncated = flags & 0x0200 != 0
    let counts = Counts(
      questions: try reader.integer(), answers: try reader.integer(), authorities: try reader.integer(),
      additionals: try reader.integer())
    var left = Self.entriesMax

    func take() -> Bool {
      guard left > 0 else { return false }
      left -= 1
      return true
    }

    for _ in 0..<counts.questions where !isCut {
      if take() { questions.append(try reader.question()) } else { isCut = true }
    }
    for _ in 0..<counts.answers where !isCut {
      if take() { try reader.record().map { answers.append($0) } } else { isCut = true }
    }
    // What a prober claims; nothing of it is true yet.
    for _ in 0..<counts.authorities where !isCut {
      if take() { _ = try reader.record() } else { isCut = true }
    }
    for _ in 0..<counts.additionals where !isCut {
      if take() { try reader.record().map { additionals.append($0) } } else { isCut = true }
    }
  }

  private struct Counts {
    let questions, answers, authorities, additionals: UInt16
  }
}

/// Reads from a position, never past the end.
private struct MessageReader {
  private let message: [UInt8]
  private var position = 0
  /// Pointers let a small message have long names, over and over.
  private var labelsLeft = Message.labelsMax

  init(_ message: ByteBuffer) {
    self.message = [UInt8](message.readableBytesView)
  }

  mutating func integer<Integer: FixedWidthInteger>() throws(MessageError) -> Integer {
    var value: Integer = 0
    for byte in try take(Integer.bitWidth / 8) { value = value << 8 | Integer(truncatingIfNeeded: byte) }
    return value
  }

  private mutating func take(_ count: Int) throws(MessageError) -> ArraySlice<UInt8> {
    guard count <= message.count - position else { throw .malformed }
    defer { position += count }
    return message[position..<position + count]
  }

  mutating func question() throws(MessageError) -> Question {
    let name = try name()
    let type = RecordType(rawValue: try integer())
    let kind: UInt16 = try integer()
    // Internet or any; the highest bit asks for a unicast answer.
    let isAskable = [1, 255].contains(kind & 0x7FFF)
    return Question(name: name, type: isAskable ? type : nil, wantsUnicast: kind & 0x8000 != 0)
  }

  /// Nil for a type or class that is not looked at.
  mutating func record() throws(MessageError) -> Record? {
    let name = try name()
    let type = RecordType(rawValue: try integer())
    let kind: UInt16 = try integer()
    let ttlSeconds: UInt32 = try integer()
    let length: UInt16 = try integer()
    let end = position + Int(length)
    guard end <= message.count else { throw .malformed }
    defer { position = end }
    guard kind & 0x7FFF == 1, let type, let data = try data(of: type, upTo: end) else { return nil }
    return Record(name: name, data: data, ttlSeconds: ttlSeconds, isUnique: kind & 0x8000 != 0)
  }

  private mutating func data(of type: RecordType, upTo end: Int) throws(MessageError) -> Record.Data? {
    let data: Record.Data
    switch type {
    case .pointer: data = .pointer(try name())
    case .text: data = .text(try strings(upTo: end))
    case .service:
      _ = try integer() as UInt32  // priority and weight
      let port: UInt16 = try integer()
      data = .service(host: try name(), port: port)
    case .ip4: data = .ip4(IPv4Address(rawValue: try integer()))
    case .ip6:
      let upper: UInt64 = try integer()
      data = .ip6(IPv6Address(upper: upper, lower: try integer()))
    case .any: return nil
    }
    guard position == end else { throw .malformed }
    return data
  }

  private mutating func strings(upTo end: Int) throws(MessageError) -> [[UInt8]] {
    var strings: [[UInt8]] = []
    while position < end {
      let count: UInt8 = try integer()
      guard position + Int(count) <= end else { throw .malformed }
      strings.append([UInt8](try take(Int(count))))
    }
    return strings
  }

  /// A name, which may end in a pointer to an earlier one (RFC 1035, section 4.1.4).
  private mutating func name() throws(MessageError) -> Name {
    var bytes: [UInt8] = []
    var end: Int?
    // A pointer may only lead to before the labels that led to it, so this ends.
    var fence = position
    while true {
      let length: UInt8 = try integer()
      switch length {
      case 0:
        position = end ?? position
        return Name(valid: bytes)
      case 1...63:
        labelsLeft -= 1
        guard labelsLeft >= 0, bytes.count + Int(length) + 2 <= Name.bytesMax else { throw .malformed }
        bytes.append(length)
        for byte in try take(Int(length)) { bytes.append(byte.lowercased) }
      case 0xC0...:
        let low: UInt8 = try integer()
        let target = Int(length & 0x3F) << 8 | Int(low)
        guard target < fence else { throw .malformed }
        end = end ?? position
        fence = target
        position = target
      default: throw .malformed
      }
    }
  }
}
