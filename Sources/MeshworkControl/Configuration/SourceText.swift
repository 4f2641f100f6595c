/// The text of a configuration file, and on which line each key stands.
///
/// Parsers give lines for what they cannot parse, and forget them for what they can. This finds the line of
/// a key whose value turned out to make no sense. It runs over text that a parser has accepted; in text it
/// reads differently it may name a nearby line, and nothing worse.
struct SourceText {
  private let bytes: [UInt8]
  private var position = 0
  private var line = 1
  private var keys: [String: (line: Int, valueAt: Int)] = [:]
  /// The line of the first TOML table whose name begins with what no name can begin with.
  private(set) var namelessTable: Int?

  init(toml text: String) {
    bytes = Array(text.utf8)
    readTOML()
  }

  init(json text: String) {
    bytes = Array(text.utf8)
    readJSON()
  }

  /// The line of a key or, of a list, of an element; of the table around it where the key itself is not
  /// found.
  func line(of key: String, element: String? = nil) -> Int {
    var path = key
    while true {
      if let found = keys[path] {
        guard let element, path == key else { return found.line }
        return line(of: Array(element.utf8), from: found.valueAt) ?? found.line
      }
      guard let dot = path.lastIndex(of: ".") else { return 1 }
      path = String(path[..<dot])
    }
  }

  private func line(of text: [UInt8], from start: Int) -> Int? {
    guard let first = text.first else { return nil }
    var index = start
    while index + text.count <= bytes.count {
      if bytes[index] == first, bytes[index..<(index + text.count)].elementsEqual(text) {
        return 1 + bytes[..<index].count { $0 == UInt8(ascii: "\n") }
      }
      index += 1
    }
    return nil
  }

  // MARK: TOML

  private mutating func readTOML() {
    var table = ""
    if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { position = 3 }
    while let byte = peek {
      switch byte {
      case UInt8(ascii: "#"): skipLine()
      case UInt8(ascii: "["):
        while peek == UInt8(ascii: "[") { step() }
        while peek == 0x20 || peek == 0x09 { step() }
        if let first = peek, !Self.canBeginName(first), namelessTable == nil { namelessTable = line }
        table = readKey(until: "]")
        note(table)
        skipLine()
      case UInt8(ascii: "\n"), UInt8(ascii: "\r"), 0x20, 0x09: step()
      default:
        let keyLine = line
        let key = readKey(until: "=")
        step()
        let path = table.isEmpty ? key : "\(table).\(key)"
        if keys[path] == nil { keys[path] = (keyLine, position) }
        skipValue()
      }
    }
  }

  private static func canBeginName(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"): true
    case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "-"): true
    case UInt8(ascii: "\""), UInt8(ascii: "'"): true
    default: false
    }
  }

  /// A dotted key, its quotes removed, up to the byte that ends it or the end of the line.
  private mutating func readKey(until end: Unicode.Scalar) -> String {
    var parts: [[UInt8]] = [[]]
    while let byte = peek, byte != UInt8(ascii: end), byte != UInt8(ascii: "\n") {
      switch byte {
      case UInt8(ascii: "\""), UInt8(ascii: "'"): parts[parts.count - 1] += readString()
      case UInt8(ascii: "."):
        parts.append([])
        step()
      case 0x20, 0x09, 0x0D: step()
      default:
        parts[parts.count - 1].append(byte)
        step()
      }
    }
    return parts.map { String(decoding: $0, as: UTF8.self) }.joined(separator: ".")
  }

  private mutating func skipValue() {
    var depth = 0
    while let byte = peek {
      switch byte {
      case UInt8(ascii: "\""), UInt8(ascii: "'"): _ = readString()
      case UInt8(ascii: "#"): skipLine()
      case UInt8(ascii: "["), UInt8(ascii: "{"):
        depth += 1
        step()
      case UInt8(ascii: "]"), UInt8(ascii: "}"):
        depth -= 1
        step()
      case UInt8(ascii: "\n") where depth <= 0: return
      default: step()
      }
    }
  }

  /// The bytes between the quotes, escapes as they are.
  private mutating func readString() -> [UInt8] {
    guard let quote = peek else { return [] }
    let isLong = hasQuotes(3, quote)
    for _ in 0..<(isLong ? 3 : 1) { step() }
    let start = position
    while let byte = peek {
      if byte == quote, !isLong || hasQuotes(3, quote) { break }
      if !isLong, byte == UInt8(ascii: "\n") { break }
      if byte == UInt8(ascii: "\\"), quote == UInt8(ascii: "\"") { step() }
      step()
    }
    let text = Array(bytes[start..<min(position, bytes.count)])
    for _ in 0..<(isLong ? 3 : 1) where peek == quote { step() }
    return text
  }

  private func hasQuotes(_ count: Int, _ quote: UInt8) -> Bool {
    position + count <= bytes.count && bytes[position..<(position + count)].allSatisfy { $0 == quote }
  }

  // MARK: JSON

  private mutating func readJSON() {
    while let byte = peek {
      guard byte == UInt8(ascii: "\"") else {
        step()
        continue
      }
      let keyLine = line
      let key = String(decoding: readString(), as: UTF8.self)
      while let byte = peek, byte == 0x20 || byte == 0x09 || byte == 0x0A || byte == 0x0D { step() }
      if peek == UInt8(ascii: ":"), keys[key] == nil { keys[key] = (keyLine, position) }
    }
  }

  // MARK: Bytes

  private var peek: UInt8? { position < bytes.count ? bytes[position] : nil }

  private mutating func step() {
    if peek == UInt8(ascii: "\n") { line += 1 }
    position += 1
  }

  private mutating func skipLine() { while let byte = peek, byte != UInt8(ascii: "\n") { step() } }

  private mutating func note(_ path: String) { if keys[path] == nil { keys[path] = (line, position) } }
}
