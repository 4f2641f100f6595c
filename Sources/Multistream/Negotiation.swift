// The words and the limits of a negotiation.

package import NIOCore
package import Wire

package enum Negotiation {
  /// A line with its newline. The bound of go-multistream, so whatever we send it accepts; two prefix bytes
  /// hold it.
  package static let lineBytesMax = 1024
  /// Proposals on one stream. A peer with more alternatives than this is guessing.
  package static let proposalsMax = 16

  package static let header: StaticString = "/multistream/1.0.0"
  package static let notAvailable: StaticString = "na"
  /// Asks for a list of protocols. Optional in the specification; we answer it like an unknown name.
  static let list: StaticString = "ls"

  /// Whether a name can stand in a proposal: a slash first, as go and rust write and rust demands, no control
  /// characters, and short enough for a line.
  package static func canPropose(_ name: ProtocolName) -> Bool {
    let text = name.rawValue.utf8
    return text.first == UInt8(ascii: "/") && text.count < lineBytesMax
      && !text.contains { $0 < 0x20 || $0 == 0x7F }
  }
}

extension ByteBuffer {
  /// Appends a line: prefix, `text`, newline.
  mutating func writeLine(_ text: some Collection<UInt8>) {
    let length = text.count + 1
    precondition(length <= Negotiation.lineBytesMax, "a line of \(length) bytes, which no peer accepts")
    if length > 0x7F {
      writeInteger(UInt8(length & 0x7F) | 0x80)
    }
    writeInteger(length > 0x7F ? UInt8(length >> 7) : UInt8(length))
    writeBytes(text)
    writeInteger(UInt8(ascii: "\n"))
  }

  mutating func writeLine(_ word: StaticString) {
    word.withUTF8Buffer { writeLine($0) }
  }

  /// Whether the readable bytes are exactly this word.
  package func isWord(_ word: StaticString) -> Bool {
    word.withUTF8Buffer { readableBytesView.elementsEqual($0) }
  }
}
