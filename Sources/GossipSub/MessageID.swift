import NIOCore

/// What gossip calls a message: arbitrary bytes, the same at every peer of a topic.
package struct MessageID: Hashable, Sendable {
  package let bytes: [UInt8]

  package init(_ bytes: [UInt8]) {
    self.bytes = bytes
  }

  init(_ id: ByteBuffer) {
    bytes = [UInt8](id.readableBytesView)
  }
}

extension MessageID: CustomStringConvertible {
  /// Hexadecimal.
  package var description: String {
    bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
  }
}

/// How a topic's message ids are made. The specification says "from and seqno"; implementations differ in
/// what they concatenate, so a topic must choose the form of its peers.
package enum MessageIDForm: Hashable, Sendable {
  /// The author in base58 and the sequence number in decimal, as text: the default of Rust peers.
  case rust
  /// The bytes of the author and the eight of the sequence number: the default of Go and Python peers.
  case go

  /// The form the other peers of a mixed topic use.
  var other: MessageIDForm { self == .rust ? .go : .rust }

  func id(of author: Author, sequence: UInt64) -> MessageID {
    switch self {
    case .rust:
      return MessageID(author.text + String(sequence).utf8)
    case .go:
      var bytes: [UInt8] = []
      bytes.reserveCapacity(author.bytes.count + 8)
      bytes += author.bytes
      for shift in stride(from: 56, through: 0, by: -8) {
        bytes.append(UInt8(truncatingIfNeeded: sequence >> UInt64(shift)))
      }
      return MessageID(bytes)
    }
  }
}
