/// Lines out of bytes that come in pieces. What is no UTF-8 becomes U+FFFD; of a line that is too long, the
/// beginning.
package struct Lines: Sendable {
  private let bytesMax: Int
  private var line: [UInt8] = []

  package init(bytesMax: Int) {
    self.bytesMax = bytesMax
  }

  /// The lines that end in these bytes.
  package mutating func take(_ bytes: ArraySlice<UInt8>) -> [String] {
    var lines: [String] = []
    for byte in bytes {
      if byte == UInt8(ascii: "\n") {
        lines += finish()
      } else if line.count < bytesMax {
        line.append(byte)
      }
    }
    return lines
  }

  /// What stands after the last line's end.
  package mutating func finish() -> [String] {
    guard !line.isEmpty else { return [] }
    defer { line = [] }
    if line.last == UInt8(ascii: "\r") { line.removeLast() }
    return [String(decoding: line, as: UTF8.self)]
  }
}
