import TOMLKit

/// Reads TOML 1.0 into plain values. The one file that knows the TOML library.
enum TOMLSource {
  struct SyntaxError: Error, Equatable {
    let line: Int
    let text: String
  }

  /// Every key that has a value, tables flattened into dotted names, in the order of their names.
  static func read(_ text: String) throws(SyntaxError) -> [(key: String, value: RawSetting)] {
    // The library asserts, and so ends the process, where it should say this.
    if let line = SourceText(toml: text).namelessTable {
      throw SyntaxError(line: line, text: "not TOML: the name of a table must stand behind '['")
    }
    let table: TOMLTable
    try refuseZeroCharacters(text)
    do {
      table = try TOMLTable(string: text)
    } catch let error as TOMLParseError {
      let start = error.source.begin
      throw SyntaxError(line: start.line, text: "column \(start.column): not TOML: \(error.description)")
    } catch {
      throw SyntaxError(line: 1, text: "not TOML: \(error)")
    }
    var values: [(key: String, value: RawSetting)] = []
    flatten(table, under: "", into: &values)
    return values.sorted { $0.key < $1.key }
  }

  /// The library hands strings over as C strings: what follows a zero character would be lost without a word.
  private static func refuseZeroCharacters(_ text: String) throws(SyntaxError) {
    var line = 1
    for piece in text.utf8.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false) {
      let piece = String(decoding: piece, as: UTF8.self)
      guard !piece.contains("\\u0000"), !piece.contains("\\U00000000") else {
        throw SyntaxError(line: line, text: "a zero character, \\u0000, is part of no setting; remove it")
      }
      line += 1
    }
  }

  private static func flatten(
    _ table: TOMLTable, under path: String, into values: inout [(key: String, value: RawSetting)]
  ) {
    for (name, value) in table {
      let key = path.isEmpty ? name : "\(path).\(name)"
      if let inner = value.table, !inner.isEmpty {
        flatten(inner, under: key, into: &values)
      } else {
        values.append((key, raw(value)))
      }
    }
  }

  private static func raw(_ value: any TOMLValueConvertible) -> RawSetting {
    switch value.type {
    case .string: value.string.map { .string($0) } ?? .other("a string")
    case .int: value.int.map { .integer($0) } ?? .other("a whole number")
    case .double: value.double.map { .number($0) } ?? .other("a number")
    case .bool: value.bool.map { .boolean($0) } ?? .other("true or false")
    case .array: .array(value.array.map { $0.map(raw) } ?? [])
    case .table: .other("a table")
    case .date, .time, .dateTime: .other("a date or time")
    }
  }
}
