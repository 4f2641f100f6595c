import GRDB

/// What a person typed, as a question to the full-text index. Any text is safe: only its words are left.
struct SearchPattern {
  /// In FTS5's language.
  let expression: String
  private let lastWord: String
  private let tokenizer: any FTS5Tokenizer

  /// Beginnings of words up to this length are in the index. Without that, FTS5 collects every occurrence of
  /// every word that begins so before it gives the first: a quarter of a second for a word in each of a
  /// million messages.
  private static let indexedLength = 8
  /// The word in front of each message's text that names its conversation. Nobody types it: its first
  /// character is one of Unicode's for private use.
  private static let placeMark = "\u{E000}"

  /// Nil when there is no word in it.
  init?(_ text: String, place: Int64?, _ db: Database) throws {
    tokenizer = try db.makeTokenizer(.unicode61(diacritics: .remove))
    let typed = String(String.UnicodeScalarView(text.unicodeScalars.prefix(Limits.searchCharactersMax)))
    // Words as the index has them: without case and diacritics.
    let words = try tokenizer.tokenize(query: typed).map(\.token).prefix(Limits.searchWordsMax)
    guard let last = words.last else { return nil }
    lastWord = last
    let beginning = String(String.UnicodeScalarView(last.unicodeScalars.prefix(Self.indexedLength)))
    let whole = (place.map { ["\(Self.placeMark)\($0)"] } ?? []) + words.dropLast()
    expression = (whole.map(Self.quoted) + [Self.quoted(beginning) + "*"]).joined(separator: " ")
  }

  /// Of longer words the index knows the beginning only; whether a text has the rest is seen in the text.
  func accepts(_ text: String) throws -> Bool {
    if lastWord.unicodeScalars.count <= Self.indexedLength { return true }
    return try tokenizer.tokenize(document: text).contains { $0.token.utf8.starts(with: lastWord.utf8) }
  }

  private static func quoted(_ word: String) -> String {
    "\"" + word.split(separator: "\"", omittingEmptySubsequences: false).joined(separator: "\"\"") + "\""
  }
}
