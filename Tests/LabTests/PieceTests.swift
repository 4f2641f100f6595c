import NetworkModel
import SansIO
import Testing

@testable import Lab

struct HistogramTests {
  @Test func quantilesAreWithinThreePercent() {
    var histogram = Histogram()
    for value in 1...1000 { histogram.record(nanoseconds: UInt64(value) * 1000) }
    #expect(histogram.count == 1000)
    #expect(histogram.max == .milliseconds(1))
    #expect((0.5...0.52).contains(histogram.quantile(0.5).milliseconds))
    #expect((0.99...1).contains(histogram.quantile(0.99).milliseconds))
  }

  @Test func anyDurationHasItsPlace() {
    var histogram = Histogram()
    for value: UInt64 in [0, 1, 31, 32, 33, .max / 2, .max] { histogram.record(nanoseconds: value) }
    #expect(histogram.count == 7)
    #expect(Histogram().quantile(0.99) == .zero)
  }

  @Test(arguments: [(100, 5), (350, 10), (5000, 73), (49_000, 559), (60_000, 677)] as [(UInt64, UInt64)])
  func aShareOfOneInAHundredShowsAtMostSoManyOf(records: UInt64, most: UInt64) {
    #expect(Histogram.binomialMost(of: records, 0.01) == most)
  }

  /// Of 350 packets, 9 % of them late, or four.
  @Test(arguments: [(4, false), (10, false), (11, true), (32, true)])
  func aFewLateOnesDoNotMakeAPercentile(late: Int, isLate: Bool) {
    var histogram = Histogram()
    for index in 0..<350 { histogram.record(nanoseconds: index < late ? 9_000_000 : 1_000_000) }
    #expect(histogram.quantile(0.99) > .milliseconds(5))
    #expect((histogram.quantileAtLeast(0.99) > .milliseconds(5)) == isLate)
    #expect(Histogram().quantileAtLeast(0.99) == .zero)
  }
}

struct CaptureRingTests {
  @Test func packetsComeOutAsTheyWentInRoundAndRound() {
    let ring = CaptureRing(bytes: 1 << 17)
    var next: UInt8 = 0
    for round in 0..<400 {
      for _ in 0..<3 {
        [UInt8](repeating: next, count: 1 + 97 * Int(next)).withUnsafeBytes {
          ring.write(
            $0, .incoming, of: InterfaceID(rawValue: Int(next)), at: Instant(nanoseconds: UInt64(round)))
        }
        next &+= 1
      }
      var expected = next &- 3
      let count = ring.drain { packet in
        #expect(packet.interface.rawValue == Int(expected))
        #expect(packet.at.nanoseconds == UInt64(round))
        #expect(packet.bytes.count == 1 + 97 * Int(expected))
        #expect(packet.bytes.allSatisfy { $0 == expected })
        expected &+= 1
      }
      #expect(count == 3)
    }
    #expect(ring.lost == 0)
  }

  @Test func whatDoesNotFitIsLostAndCounted() {
    let ring = CaptureRing(bytes: 1 << 17)
    let packet = [UInt8](repeating: 1, count: 1500)
    for _ in 0..<100 {
      packet.withUnsafeBytes { ring.write($0, .outgoing, of: InterfaceID(rawValue: 0), at: .zero) }
    }
    let kept = ring.drain { _ in }
    #expect(kept > 80)
    #expect(UInt64(kept) + ring.lost == 100)
  }
}

struct LineReaderTests {
  private func lines(_ pieces: [String], limit: Int = 8) -> [String] {
    var reader = LineReader(limit: limit)
    var lines: [String] = []
    for piece in pieces {
      reader.receive(Array(piece.utf8)[...]) { line in
        switch line {
        case .whole(let bytes): lines.append(String(decoding: bytes, as: UTF8.self))
        case .tooLong: lines.append("too long")
        }
      }
    }
    return lines
  }

  @Test func linesAreCutWhereverTheBytesWere() {
    #expect(lines(["a\nbc", "d\n\n", "e"]) == ["a", "bcd", ""])
  }

  @Test func aLineBeyondTheLimitIsLeftOutAndTheNextIsNot() {
    #expect(lines(["12345678\n123456789\nx\n"]) == ["12345678", "too long", "x"])
    #expect(lines(["12345", "6789", "0000000", "1\ny\n"]) == ["too long", "y"])
  }
}

struct EventLogTests {
  /// How many are kept, and how many are not.
  private func log(_ lines: [String], eventsMax: Int, bytesMax: Int) -> [Int] {
    let log = EventLog(eventsMax: eventsMax, bytesMax: bytesMax)
    for line in lines { log.append(LabEvent(at: .zero, host: "h1", process: "node", kind: .line(line))) }
    return [log.events().count, log.lost]
  }

  @Test func eventsAreLimitedAndSoIsWhatTheyHold() {
    #expect(log(["1", "2", "3"], eventsMax: 3, bytesMax: 3) == [3, 0])
    #expect(log(["1", "2", "3"], eventsMax: 2, bytesMax: 100) == [2, 1])
    #expect(log(["12345", "67890", "", "x"], eventsMax: 100, bytesMax: 10) == [2, 2])
  }
}

struct DescriptionTests {
  private func problem(_ host: HostDescription) -> String? { host.problem }
  private let interface = InterfaceDescription(InterfaceID(rawValue: 0), addresses: [])

  @Test func namesThatCannotBeAreRefusedBeforeAnythingIsMade() {
    #expect(problem(HostDescription("alice", interfaces: [interface])) == nil)
    for name in ["", "a b", "a/b", "a.b", "ä", String(repeating: "a", count: 64)] {
      #expect(problem(HostDescription(name, interfaces: [])) != nil)
    }
    #expect(problem(HostDescription("alice", interfaces: [interface, interface])) != nil)
    for name in ["", "lo", "a/b", "sixteen-bytes-xx"] {
      var odd = interface
      odd.name = name
      #expect(problem(HostDescription("alice", interfaces: [odd])) != nil)
    }
    var host = HostDescription("alice", interfaces: [])
    host.sysctls = [("net/../../self/oom_score_adj", "0")]
    #expect(problem(host) != nil)
  }

  @Test func addressesWithTheirPrefixAreRead() {
    #expect(InterfaceAddress("192.168.1.7/24")?.description == "192.168.1.7/24")
    #expect(InterfaceAddress("192.168.1.7/24")?.broadcast == Address(192, 168, 1, 255))
    #expect(InterfaceAddress("11.0.0.1/32")?.broadcast == nil)
    #expect(InterfaceAddress("2600::1/64")?.broadcast == nil)
    for text in ["", "1.2.3.4", "1.2.3.4/33", "::/129", "1.2.3.4/-1", "x/8"] {
      #expect(InterfaceAddress(text) == nil)
    }
  }
}
