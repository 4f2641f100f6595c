package import NIOCore
package import SansIO

/// Questions for TXT records and their answers (RFC 1035, section 4; EDNS, RFC 6891).
///
/// Pure: the sockets are ``TextLookup``'s. Everything in an answer is checked and bounded: every read against
/// the message's end, names against 255 bytes, pointers against loops (each must lead further back than the
/// one before), alias chains and texts against a count.
package enum DNSMessage {
  /// What one message says.
  package enum Answer: Equatable, Sendable {
    case texts([String])
    /// Did not fit in a datagram: ask again over TCP.
    case truncated
    case noSuchName
    /// The server failed or refused; its code.
    case failed(code: UInt8)
  }

  package enum Failure: AttributedError {
    /// A name that cannot be asked for: an empty or long label, over 253 characters.
    case invalidName
    /// An answer to another question; wait for ours.
    case unrelated
    case malformed

    package var fault: Fault {
      switch self {
      case .invalidName: .local
      case .unrelated, .malformed: .peer
      }
    }
  }

  /// What we say we can take in a datagram: stays unfragmented on any path (DNS flag day 2020).
  package static let datagramBytesMax = 1232
  static let textsMax = 128
  static let aliasesMax = 8

  private static let typeCNAME: UInt16 = 5
  private static let typeTXT: UInt16 = 16
  private static let typeOPT: UInt16 = 41
  private static let classIN: UInt16 = 1

  // MARK: Question

  package static func question(id: UInt16, name: String) throws(Failure) -> ByteBuffer {
    var message = ByteBuffer()
    // Recursion desired; one question, one additional record.
    for word in [id, 0x0100, 1, 0, 0, 1] { message.writeInteger(word) }
    try writeName(name, into: &message)
    message.writeInteger(typeTXT)
    message.writeInteger(classIN)
    message.writeInteger(0 as UInt8)  // the root's name
    message.writeInteger(typeOPT)
    message.writeInteger(UInt16(datagramBytesMax))
    message.writeInteger(0 as UInt32)
    message.writeInteger(0 as UInt16)
    return message
  }

  private static func writeName(_ name: String, into message: inout ByteBuffer) throws(Failure) {
    let labels = name.utf8.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
    // The one empty label that may be is the root's, behind a final dot.
    let meant = labels.last?.isEmpty == true ? labels.dropLast() : labels[...]
    guard !meant.isEmpty, name.utf8.count <= 254 else { throw .invalidName }
    var bytes = 1
    for label in meant {
      guard (1...63).contains(label.count) else { throw .invalidName }
      bytes += 1 + label.count
      message.writeInteger(UInt8(label.count))
      message.writeBytes(label)
    }
    guard bytes <= DNSName.bytesMax else { throw .invalidName }
    message.writeInteger(0 as UInt8)
  }

  // MARK: Answer

  package static func answer(
    in message: ByteBuffer, id: UInt16, name: String
  ) throws(Failure) -> Answer {
    var reader = Reader(message)
    let header = try reader.header()
    guard header.id == id, header.isResponse, header.questions == 1 else { throw .unrelated }
    var asked = ByteBuffer()
    try writeName(name, into: &asked)
    var askedReader = Reader(asked)
    let wanted = try askedReader.name()
    guard try reader.name() == wanted, try reader.integer() == typeTXT, try reader.integer() == classIN else {
      throw .unrelated
    }
    if header.isTruncated { return .truncated }
    switch header.code {
    case 0: break
    case 3: return .noSuchName
    default: return .failed(code: header.code)
    }
    return .texts(try texts(of: wanted, in: &reader, records: header.answers))
  }

  private static func texts(
    of name: DNSName, in reader: inout Reader, records: UInt16
  ) throws(Failure) -> [String] {
    var texts: [(owner: DNSName, text: String)] = []
    var aliases: [DNSName: DNSName] = [:]
    for _ in 0..<records {
      let owner = try reader.name()
      let type: UInt16 = try reader.integer()
      let kind: UInt16 = try reader.integer()
      _ = try reader.integer() as UInt32  // lifetime
      let end = try reader.recordEnd()
      if kind == classIN, type == typeTXT, texts.count < textsMax {
        if let text = try reader.text(upTo: end) { texts.append((owner, text)) }
      } else if kind == classIN, type == typeCNAME, aliases.count < aliasesMax {
        aliases[owner] = try reader.name()
        guard reader.position == end else { throw .malformed }
      }
      reader.position = end
    }
    var current = name
    for _ in 0..<aliasesMax {
      guard let target = aliases[current] else { break }
      current = target
    }
    return texts.lazy.filter { $0.owner == current }.map(\.text)
  }
}

/// A name in wire form, lower case: labels with their lengths, without the root.
struct DNSName: Hashable {
  static let bytesMax = 255
  fileprivate(set) var bytes: [UInt8] = []
}

extension DNSMessage {
  struct Header {
    let id: UInt16
    let isResponse: Bool
    let isTruncated: Bool
    let code: UInt8
    let questions: UInt16
    let answers: UInt16
  }

  /// Reads a message from a position, never past its end.
  struct Reader {
    private let message: ByteBuffer
    var position: Int

    init(_ message: ByteBuffer) {
      self.message = message
      position = message.readerIndex
    }

    mutating func integer<Integer: FixedWidthInteger>() throws(Failure) -> Integer {
      guard let value = message.getInteger(at: position, as: Integer.self) else { throw .malformed }
      position += MemoryLayout<Integer>.size
      return value
    }

    mutating func header() throws(Failure) -> Header {
      let id: UInt16 = try integer()
      let flags: UInt16 = try integer()
      let questions: UInt16 = try integer()
      let answers: UInt16 = try integer()
      _ = try integer() as UInt32  // authorities and additional records are not looked at
      return Header(
        id: id, isResponse: flags & 0x8000 != 0, isTruncated: flags & 0x0200 != 0,
        code: UInt8(flags & 0x000F), questions: questions, answers: answers)
    }

    /// The end of a record whose length stands here.
    mutating func recordEnd() throws(Failure) -> Int {
      let length: UInt16 = try integer()
      let end = position + Int(length)
      guard end <= message.writerIndex else { throw .malformed }
      return end
    }

    /// A TXT record's strings joined (RFC 1035, 3.3.14). Nil when they are not UTF-8.
    mutating func text(upTo end: Int) throws(Failure) -> String? {
      var bytes: [UInt8] = []
      while position < end {
        let count: UInt8 = try integer()
        guard position + Int(count) <= end,
          let piece = message.getBytes(at: position, length: Int(count))
        else { throw .malformed }
        bytes += piece
        position += Int(count)
      }
      return String(validating: bytes, as: UTF8.self)
    }

    /// A name, which may end in a pointer to an earlier one (RFC 1035, 4.1.4).
    mutating func name() throws(Failure) -> DNSName {
      var name = DNSName()
      var cursor = position
      var end: Int?
      // A pointer may only lead to before the labels that led to it, so this ends.
      var fence = position
      while true {
        guard let length = message.getInteger(at: cursor, as: UInt8.self) else { throw .malformed }
        switch length {
        case 0:
          position = end ?? cursor + 1
          return name
        case 1...63:
          guard let label = message.getBytes(at: cursor + 1, length: Int(length)),
            name.bytes.count + label.count + 2 <= DNSName.bytesMax
          else { throw .malformed }
          name.bytes.append(length)
          name.bytes += label.map(Self.lowercased)
          cursor += 1 + Int(length)
        case 0xC0...:
          guard let pointer = message.getInteger(at: cursor, as: UInt16.self) else { throw .malformed }
          let target = message.readerIndex + Int(pointer & 0x3FFF)
          guard target < fence else { throw .malformed }
          end = end ?? cursor + 2
          fence = target
          cursor = target
        default: throw .malformed
        }
      }
    }

    private static func lowercased(_ byte: UInt8) -> UInt8 {
      (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte) ? byte | 0x20 : byte
    }
  }
}
