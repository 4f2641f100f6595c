import NIOCore
import Wire

extension Message {
  /// The message as sent. Names are shortened to pointers wherever they repeat; the host of a service only
  /// where the receiver speaks mDNS, which older resolvers do not expect (RFC 6762, section 18.14).
  func encoded(forLegacy isLegacy: Bool = false) -> ByteBuffer {
    var writer = MessageWriter(shortensHosts: !isLegacy)
    writer.bytes.writeInteger(id)
    // A response is authoritative, always.
    writer.bytes.writeInteger(UInt16(isResponse ? 0x8400 : 0) | (isTruncated ? 0x0200 : 0))
    for count in [questions.count, answers.count, 0, additionals.count] {
      writer.bytes.writeInteger(UInt16(count))
    }
    for question in questions { writer.write(question) }
    for record in answers + additionals { writer.write(record) }
    return writer.bytes
  }
}

private struct MessageWriter {
  let shortensHosts: Bool
  var bytes = ByteBuffer()
  /// Where names, and what follows their labels, stand already.
  private var written: [Name: UInt16] = [:]

  init(shortensHosts: Bool) {
    self.shortensHosts = shortensHosts
  }

  mutating func write(_ question: Question) {
    write(question.name)
    bytes.writeInteger((question.type ?? .any).rawValue)
    bytes.writeInteger(UInt16(1) | (question.wantsUnicast ? 0x8000 : 0))
  }

  mutating func write(_ record: Record) {
    write(record.name)
    bytes.writeInteger(record.data.type.rawValue)
    bytes.writeInteger(UInt16(1) | (record.isUnique ? 0x8000 : 0))
    bytes.writeInteger(record.ttlSeconds)
    let lengthIndex = bytes.writerIndex
    bytes.writeInteger(0 as UInt16)
    switch record.data {
    case .pointer(let name): write(name)
    case .text(let strings):
      for string in strings.isEmpty ? [[]] : strings {
        let fitting = string.prefix(255)
        bytes.writeInteger(UInt8(fitting.count))
        bytes.writeBytes(fitting)
      }
    case .service(let host, let port):
      bytes.writeInteger(0 as UInt32)  // priority and weight
      bytes.writeInteger(port)
      if shortensHosts {
        write(host)
      } else {
        bytes.writeBytes(host.bytes)
        bytes.writeInteger(0 as UInt8)
      }
    case .ip4(let address): bytes.writeBytes(address.bytes)
    case .ip6(let address): bytes.writeBytes(address.bytes)
    }
    let length = bytes.writerIndex - lengthIndex - 2
    bytes.setInteger(UInt16(clamping: length), at: lengthIndex)
  }

  private mutating func write(_ name: Name) {
    var rest = name
    while let parent = rest.parent {
      if let offset = written[rest] {
        bytes.writeInteger(0xC000 | offset)
        return
      }
      // Pointers have 14 bits.
      if bytes.writerIndex < 0x4000 { written[rest] = UInt16(bytes.writerIndex) }
      bytes.writeBytes(rest.bytes.prefix(rest.bytes.count - parent.bytes.count))
      rest = parent
    }
    bytes.writeInteger(0 as UInt8)
  }
}
