import Chat
import Testing

@testable import Store

/// Full-text search, on a file and in memory alike.
@Suite("Search") struct SearchTests {
  static func desk(_ place: Place, _ texts: String...) -> Desk {
    let desk = Desk(place)
    for (number, text) in texts.enumerated() { desk.insert(message(number, text)) }
    return desk
  }

  @Test(arguments: Place.allCases)
  func caseAndDiacriticsDoNotMatter(place: Place) {
    let desk = Self.desk(place, "Grüße aus Kraków", "GRUSSE", "Ελλάδα", "ПРИВЕТ", "Việt Nam")
    for (typed, found) in [
      ("grüße", [0]), ("GRUßE", [0]), ("krakow", [0]), ("grusse", [1]), ("ελλάδα", [2]), ("привет", [3]),
      ("viet", [4]),
    ] {
      #expect(desk.store.search(typed, limit: 9).numbers == found, "\(typed)")
    }
  }

  @Test(arguments: Place.allCases)
  func allWordsAndTheBeginningOfTheLast(place: Place) {
    let desk = Self.desk(place, "see you tomorrow", "you saw me", "tomorrow never comes", "seeing you")
    #expect(desk.store.search("you tom", limit: 9).numbers == [0])
    #expect(desk.store.search("tom you", limit: 9).numbers == [], "only the last word may be cut short")
    #expect(desk.store.search("you see", limit: 9).numbers == [3, 0])
    #expect(desk.store.search("YOU, (see)!", limit: 9).numbers == [3, 0])
    #expect(desk.store.search("morrow", limit: 9).numbers == [])
  }

  @Test(arguments: Place.allCases)
  func aLongWordIsFoundByAnyOfItsBeginnings(place: Place) {
    let desk = Self.desk(place, "internationalisation", "international law", "internat", "intern")
    for (typed, found) in [
      ("i", [3, 2, 1, 0]), ("intern", [3, 2, 1, 0]), ("interna", [2, 1, 0]), ("internat", [2, 1, 0]),
      ("internati", [1, 0]), ("international", [1, 0]), ("internationali", [0]), ("internationale", []),
      ("law internationa", [1]), ("international l", [1]),
    ] {
      #expect(desk.store.search(typed, limit: 9).numbers == found, "\(typed)")
    }
  }

  @Test(arguments: Place.allCases)
  func newestFirstAndNoMoreThanAskedFor(place: Place) {
    let desk = Desk(place)
    desk.insert(1...50)
    #expect(desk.store.search("message", limit: 3).numbers == [50, 49, 48])
    #expect(desk.store.search("message", limit: 0) == [])
    #expect(desk.store.search("message", limit: -1) == [])
    #expect(desk.store.search("message", limit: .max).count == 50)
  }

  @Test(arguments: Place.allCases)
  func oneConversationOnly(place: Place) {
    let desk = Desk(place)
    desk.insert(message(1, in: tea), message(2, in: .peer(bob)), message(3, in: tea))
    #expect(desk.store.search("message", in: tea, limit: 9).numbers == [3, 1])
    #expect(desk.store.search("message", in: .peer(bob), limit: 9).numbers == [2])
    #expect(desk.store.search("message", in: .peer(ann), limit: 9) == [])
    #expect(desk.store.search("", in: tea, limit: 9) == [])
  }

  @Test(arguments: Place.allCases)
  func aTextCannotSlipIntoAnotherConversation(place: Place) {
    let desk = Desk(place)
    desk.insert(message(1, in: tea, "honest word"))
    let forged = (1...9).map { "\u{E000}\($0)" }.joined(separator: " ")
    desk.insert(message(2, in: .peer(bob), "\(forged) word"))
    #expect(desk.store.search("word", in: tea, limit: 9).numbers == [1])
    #expect(desk.store.search("word", limit: 9).numbers == [2, 1])
  }

  static let typed = [
    "", " ", "\"", "\"\"", "'", "*", "a*", "^", "-", "+", "(", ")", "((", "AND", "OR", "NOT", "NEAR",
    "NEAR(a b)",
    "a AND", "AND a", "NOT a", "search:a", "words:a", "{words}:a", "rowid:1", "a\0b", "\0", ";", "--", "%",
    "_",
    "\\", "👩‍👩‍👧‍👦", "\u{202E}", "\u{301}", "\u{E000}", "\u{E000}1", "\"unbalanced", "a\"b\"c", "text : *",
    String(repeating: "a", count: 1_000_000), String(repeating: "a ", count: 100_000),
    String(repeating: "\"", count: 1000), String(repeating: "e\u{301}", count: 1000),
  ]

  @Test(arguments: Place.allCases)
  func anythingMayBeTyped(place: Place) throws {
    let desk = Self.desk(place, "a b", "and", "or not near")
    for typed in Self.typed {
      _ = desk.store.search(typed, limit: 9)
      _ = desk.store.search(typed, in: tea, limit: 9)
    }
    #expect(desk.problems == [], "no question is an error")
    #expect(desk.store.search("AND", limit: 9).numbers == [1])
    #expect(desk.store.search("a\0b", limit: 9).numbers == [0])
    #expect(desk.store.search("NEAR(or", limit: 9).numbers == [2])
  }

  @Test(arguments: Place.allCases)
  func whatWasKeptIsFoundWhateverItHolds(place: Place) {
    let desk = Self.desk(place, "before\0after", "\u{1B}[2Jescaped", "\u{202E}turned", "'quoted'")
    for (number, typed) in ["after", "2jesc", "turned", "quoted"].enumerated() {
      #expect(desk.store.search(typed, limit: 9).numbers == [number], "\(typed)")
    }
  }
}
