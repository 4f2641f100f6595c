import Chat
import Testing

@testable import Store

/// Messages, on a file and in memory alike.
@Suite("Messages") struct MessageTests {
  @Test(arguments: Place.allCases)
  func aMessageIsKeptOnce(place: Place) {
    let desk = Desk(place)
    #expect(desk.apply(.insert(message(1))) == [.inserted])
    #expect(desk.apply(.insert(message(1, "another text"))) == [.duplicate])
    #expect(desk.apply(.insert(message(2)), .insert(message(2))) == [.inserted, .duplicate])
    #expect(desk.store.history(of: tea, limit: 10).texts == ["message 1", "message 2"])
  }

  @Test(arguments: Place.allCases)
  func nobodyTakesTheNameOfAnothersMessage(place: Place) {
    let desk = Desk(place)
    #expect(desk.apply(.insert(message(1, by: ann)), .insert(message(1, by: bob))) == [.inserted, .inserted])
    #expect(desk.store.message(for: key(1, by: bob)) == message(1, by: bob))
    #expect(desk.store.message(for: key(2, by: bob)) == nil)
    #expect(desk.store.message(for: key(1, by: peer(9))) == nil)
  }

  @Test(arguments: Place.allCases)
  func everythingOfAMessageComesBack(place: Place) {
    let desk = Desk(place)
    let messages = [
      message(1, in: .global, sequence: .max, sentMs: nil),
      message(2, in: .peer(bob), sequence: 1 << 63, .failed(reason: "too\0 late")),
      message(3, in: .room(""), sequence: 0, sentMs: .min, .queued),
      message(4, in: .peer(bob), "", .sent), message(5, in: .peer(bob), .delivered),
      message(6, in: .room("a\0b")), message(7, in: .room("a")),
    ]
    for message in messages { desk.insert(message) }
    for message in messages { #expect(desk.store.message(for: message.key) == message) }
    #expect(desk.store.history(of: .room("a\0b"), limit: 9).numbers == [6])
    #expect(desk.store.counters == Store.Counters())
  }

  static let texts = [
    "", " ", "\0", "before\0after\0", "Grüße, \u{202E}desrever\u{202C} مرحبا שלום", "👩‍👩‍👧‍👦🏳️‍🌈🇳🇵",
    "e\u{301}\u{302}\u{303}",
    "\u{1B}[2J\u{7}\r\n\t", "'); DROP TABLE messages; --", "\u{FEFF}\u{FFFD}\u{E000}1",
    String(repeating: "é", count: 8192), String(repeating: "a", count: 16384),
    String(repeating: "\u{301}", count: 8192), String(repeating: "\0", count: 16384),
  ]

  @Test(arguments: Place.allCases)
  func anyTextIsKeptByteForByte(place: Place) throws {
    let desk = Desk(place)
    for (number, text) in Self.texts.enumerated() { desk.insert(message(number, text)) }
    let kept = desk.store.history(of: tea, limit: 99).texts
    #expect(kept.map { Array($0.utf8) } == Self.texts.map { Array($0.utf8) })
    desk.shut()
    if place == .file { #expect(try damage(in: desk.path) == []) }
  }

  @Test(arguments: Place.allCases)
  func pagesFollowTheArrivalAndNotTheClock(place: Place) {
    let desk = Desk(place)
    desk.insert(
      message(1, sentMs: 900), message(2, sentMs: 100), message(3, sentMs: .max), message(4, sentMs: nil))
    #expect(desk.store.history(of: tea, limit: 3).numbers == [2, 3, 4])
    #expect(desk.store.history(of: tea, limit: 3, before: key(2)).numbers == [1])
    #expect(desk.store.history(of: tea, limit: 3, before: key(1)).numbers == [])
  }

  @Test(arguments: Place.allCases)
  func pagesJoinWithoutGapOrOverlap(place: Place) {
    let desk = Desk(place)
    for number in stride(from: 0, to: 190, by: 2) {
      desk.insert(message(number), message(number + 1, in: .peer(bob)))
    }
    var read: [Int] = []
    var before: MessageKey?
    while case let page = desk.store.history(of: tea, limit: 10, before: before), !page.isEmpty {
      read = page.numbers + read
      before = page.first?.key
    }
    #expect(read == Array(stride(from: 0, to: 190, by: 2)))
  }

  @Test(arguments: Place.allCases)
  func questionsWithoutAnAnswer(place: Place) {
    let desk = Desk(place) { $0.pageMessages = 3 }
    #expect(desk.store.history(of: tea, limit: 5) == [])
    desk.insert(1...5)
    #expect(desk.store.history(of: tea, limit: 5, before: key(77)) == [])
    #expect(desk.store.history(of: .peer(ann), limit: 5) == [])
    #expect(desk.store.history(of: tea, limit: 0) == [])
    #expect(desk.store.history(of: tea, limit: -1) == [])
    #expect(desk.store.history(of: tea, limit: .max).numbers == [3, 4, 5])
  }

  @Test(arguments: Place.allCases)
  func aStateReplacesTheOneBefore(place: Place) {
    let desk = Desk(place)
    desk.insert(message(1, in: .peer(bob), .queued))
    for state in [DeliveryState.sent, .failed(reason: "nobody there"), .queued, .delivered] {
      #expect(desk.apply(.state(key(1, by: me), state)) == [.done])
      #expect(desk.store.message(for: key(1, by: me))?.state == state)
    }
    #expect(desk.apply(.state(key(9), .sent)) == [.done])
  }

  @Test func memoryKeepsTheNewestAndWhatWaits() {
    let desk = Desk(.memory) {
      $0.messagesInMemory = 10
      $0.outbox = 2
    }
    desk.insert(message(1, .queued), message(2, .queued), message(3, .sent))
    desk.insert(message(4, in: .peer(bob), .sent))
    desk.insert(5...30)
    #expect(desk.store.history(of: tea, limit: 99).numbers == [2] + Array(21...30))
    #expect(desk.store.load().outbox.numbers == [2, 4])
    #expect(desk.store.counters.forgottenMessages == 18)
    #expect(desk.store.search("message", limit: 99).count == 12)
    #expect(!desk.store.isOnFile)
    #expect(desk.problems == [])
  }
}
