// Swift source with its comments and strings told apart from its code. No parser: just enough of the lexer.

/// All syntax is ASCII, so the text is held as UTF-8, and offsets count bytes.
struct SwiftText {
  struct Token: Equatable {
    let word: String
    let offset: Int
    let line: Int
  }

  /// The text as it is.
  let raw: [UInt8]
  /// The same length, with comments and the content of string literals blanked. Interpolated code stays.
  private(set) var code: [UInt8]
  /// Lines, from 1, that hold some of a comment.
  private(set) var commentLines: Set<Int> = []
  /// The words of the code: names, keywords and numbers.
  private(set) var tokens: [Token] = []
  let rawLines: [String]
  private(set) var codeLines: [String] = []
  private let lineStarts: [Int]

  init(_ text: String) {
    let bytes = [UInt8](text.utf8)
    raw = bytes
    code = bytes
    rawLines = Self.lines(bytes)
    lineStarts = [0] + bytes.indices.filter { bytes[$0] == .newline }.map { $0 + 1 }
    blank()
    codeLines = Self.lines(code)
    tokens = findTokens()
  }

  func line(of offset: Int) -> Int {
    var low = 0
    var high = lineStarts.count
    while high - low > 1 {
      let middle = (low + high) / 2
      if lineStarts[middle] <= offset { low = middle } else { high = middle }
    }
    return low + 1
  }

  func rawText(_ range: Range<Int>) -> String { String(decoding: raw[range], as: UTF8.self) }
  func codeText(_ range: Range<Int>) -> String { String(decoding: code[range], as: UTF8.self) }

  private func findTokens() -> [Token] {
    var tokens: [Token] = []
    var index = 0
    while index < code.count {
      guard code[index].isWordPart else {
        index += 1
        continue
      }
      let start = index
      while index < code.count, code[index].isWordPart { index += 1 }
      tokens.append(Token(word: codeText(start..<index), offset: start, line: line(of: start)))
    }
    return tokens
  }

  /// The first character of code at or after `offset` that is no space, and where it is.
  func next(after offset: Int) -> (character: UInt8, offset: Int)? {
    code.indices.dropFirst(offset).first { !code[$0].isSpace }.map { (code[$0], $0) }
  }

  /// The last character of code before `offset` that is no space.
  func previous(before offset: Int) -> UInt8? {
    code[..<offset].last { !$0.isSpace }
  }

  /// The arguments of a call, as offsets, split at its own commas. `open` is where its parenthesis is.
  func arguments(from open: Int) -> [Range<Int>] {
    var depth = 0
    var start = open + 1
    var arguments: [Range<Int>] = []
    for index in open..<code.count {
      switch code[index] {
      case UInt8(ascii: "("), UInt8(ascii: "["), UInt8(ascii: "{"): depth += 1
      case UInt8(ascii: ")"), UInt8(ascii: "]"), UInt8(ascii: "}"):
        depth -= 1
        if depth == 0 {
          let last = start..<index
          return code[last].allSatisfy(\.isSpace) ? arguments : arguments + [last]
        }
      case UInt8(ascii: ",") where depth == 1:
        arguments.append(start..<index)
        start = index + 1
      default: break
      }
    }
    return arguments
  }

  private static func lines(_ bytes: [UInt8]) -> [String] {
    bytes.split(separator: .newline, omittingEmptySubsequences: false).map {
      String(decoding: $0, as: UTF8.self)
    }
  }
}

// The lexer.

extension SwiftText {
  private enum Frame {
    /// Code; inside an interpolation the parentheses that are open.
    case code(parentheses: Int)
    case string(hashes: Int, isMultiline: Bool)
  }

  private mutating func blank() {
    var frames = [Frame.code(parentheses: 0)]
    var index = 0
    while index < raw.count, let frame = frames.last {
      switch frame {
      case .code(let parentheses): index = blankCode(from: index, parentheses, &frames)
      case .string(let hashes, let isMultiline):
        index = blankString(from: index, hashes, isMultiline, &frames)
      }
    }
  }

  private mutating func blankCode(from index: Int, _ parentheses: Int, _ frames: inout [Frame]) -> Int {
    switch raw[index] {
    case UInt8(ascii: "/") where has("//", at: index):
      let end = raw[index...].firstIndex(of: .newline) ?? raw.count
      blankComment(index..<end)
      return end
    case UInt8(ascii: "/") where has("/*", at: index):
      return blankBlockComment(from: index)
    case UInt8(ascii: "#"), UInt8(ascii: "\""):
      let hashes = raw[index...].prefix { $0 == UInt8(ascii: "#") }.count
      guard has("\"", at: index + hashes) else { return index + hashes }
      let isMultiline = has("\"\"\"", at: index + hashes)
      frames.append(.string(hashes: hashes, isMultiline: isMultiline))
      return index + hashes + (isMultiline ? 3 : 1)
    case UInt8(ascii: "("):
      frames[frames.count - 1] = .code(parentheses: parentheses + 1)
    case UInt8(ascii: ")"):
      frames[frames.count - 1] = .code(parentheses: parentheses - 1)
      if parentheses == 1, frames.count > 1 { frames.removeLast() }
    default: break
    }
    return index + 1
  }

  private mutating func blankString(
    from index: Int, _ hashes: Int, _ isMultiline: Bool, _ frames: inout [Frame]
  ) -> Int {
    switch raw[index] {
    case UInt8(ascii: "\"") where has(isMultiline ? "\"\"\"" : "\"", hashes: hashes, at: index):
      frames.removeLast()
      return index + (isMultiline ? 3 : 1) + hashes
    case UInt8(ascii: "\\") where has("\\", hashes: hashes, at: index):
      let escaped = index + 1 + hashes
      blank(index..<min(escaped, raw.count))
      if has("(", at: escaped) {
        frames.append(.code(parentheses: 0))
        return escaped
      }
      blank(escaped..<min(escaped + 1, raw.count))
      return escaped + 1
    case .newline where !isMultiline:
      frames.removeLast()
    default:
      blank(index..<index + 1)
    }
    return index + 1
  }

  private mutating func blankBlockComment(from start: Int) -> Int {
    var depth = 0
    var index = start
    while index < raw.count {
      if has("/*", at: index) {
        depth += 1
        index += 2
      } else if has("*/", at: index) {
        depth -= 1
        index += 2
        if depth == 0 { break }
      } else {
        index += 1
      }
    }
    blankComment(start..<min(index, raw.count))
    return index
  }

  private mutating func blankComment(_ range: Range<Int>) {
    guard !range.isEmpty else { return }
    commentLines.formUnion(line(of: range.lowerBound)...line(of: range.upperBound - 1))
    blank(range)
  }

  private mutating func blank(_ range: Range<Int>) {
    for index in range where code[index] != .newline { code[index] = UInt8(ascii: " ") }
  }

  private func has(_ text: StaticString, hashes: Int = 0, at index: Int) -> Bool {
    let length = text.utf8CodeUnitCount
    guard index + length + hashes <= raw.count else { return false }
    return text.withUTF8Buffer { raw[index..<index + length].elementsEqual($0) }
      && raw[(index + length)..<(index + length + hashes)].allSatisfy { $0 == UInt8(ascii: "#") }
  }
}

extension UInt8 {
  fileprivate static let newline = UInt8(ascii: "\n")
  fileprivate var isSpace: Bool { self == 0x20 || (0x09...0x0D).contains(self) }

  /// Letters, digits, the underscore, and all that is not ASCII.
  fileprivate var isWordPart: Bool {
    self >= 0x80 || self == UInt8(ascii: "_") || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(self)
      || (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(self | 0x20)
  }
}
