import Testing

@testable import Meshwork

@Suite struct EventLogTests {
  static func filled(_ count: Int, limit: Int = 4) -> EventLog {
    var log = EventLog(limit: limit)
    for index in 0..<count { log.append(.warning(text: "\(index + 1)", detail: ""), timeMs: Int64(index)) }
    return log
  }

  @Test func nothingYet() {
    #expect(Self.filled(0).event(after: 0, timeMs: 0) == nil)
    #expect(Self.filled(0).event(after: 7, timeMs: 0) == nil)
  }

  @Test func oneAfterTheOther() {
    let log = Self.filled(4)
    #expect((0...3).map { log.event(after: $0, timeMs: 0)?.sequence } == [1, 2, 3, 4])
    #expect(log.event(after: 4, timeMs: 0) == nil)
    #expect(log.event(after: 2, timeMs: 0)?.timeMs == 2)
  }

  @Test func whatIsGoneIsAGapUpToTheOldestKept() {
    let log = Self.filled(10)
    let gap = log.event(after: 2, timeMs: 99)
    #expect(gap == Event(sequence: 6, timeMs: 99, payload: .gap(missed: 4)))
    #expect(log.event(after: 6, timeMs: 0)?.sequence == 7)
    #expect(log.event(after: 5, timeMs: 0)?.payload == .gap(missed: 1))
  }

  @Test func numbersOfAnotherRunStartOver() {
    #expect(Self.filled(3).event(after: 500, timeMs: 0)?.sequence == 1)
    #expect(Self.filled(10).event(after: 500, timeMs: 0)?.payload == .gap(missed: 6))
  }
}
