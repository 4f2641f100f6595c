import NIOCore

/// The name of a topic. Compared byte by byte, as on the wire: two spellings of one Unicode text are two
/// topics.
package struct Topic: Hashable, Sendable {
  package let bytes: [UInt8]

  package init(_ name: String) {
    bytes = [UInt8](name.utf8)
  }

  /// As received; may be anything.
  init(_ name: ByteBuffer) {
    bytes = [UInt8](name.readableBytesView)
  }

  /// The specification has topics as text, and Rust peers refuse a message whose topic is not.
  var isText: Bool { String(validating: bytes, as: UTF8.self) != nil }
}

extension Topic: CustomStringConvertible, ExpressibleByStringLiteral {
  package init(stringLiteral name: String) { self.init(name) }
  package var description: String { String(decoding: bytes, as: UTF8.self) }
}
