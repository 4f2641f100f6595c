import Foundation
import Testing

@testable import Scenario

@Suite struct JSONTests {
  private struct Everything: Codable, Equatable {
    enum Choice: Codable, Equatable { case one, two(number: Int, list: [Int?]) }
    var text = "quote \" slash \\ line \n tab \t bell \u{7} < é 🐟 \u{2028}"
    var none: String?
    var numbers: [Double] = [0, -1.5, 1e300, 0.1]
    var large = UInt64.max
    var small = Int64.min
    var flag = true
    var choices: [Choice] = [.one, .two(number: 3, list: [1, nil])]
    var nested = ["a": ["b": 1]]
    var empty: [Int] = []
  }

  @Test func whatIsWrittenReadsBackTheSame() throws {
    let text = JSON(encoding: Everything()).text
    #expect(!text.contains("\n"))
    #expect(!text.contains("<"))
    #expect(try JSONDecoder().decode(Everything.self, from: Data(text.utf8)) == Everything())
  }

  @Test func membersKeepTheirOrder() {
    let json: JSON = ["b": .integer(1), "a": [.null, .bool(false), .number(2)]]
    #expect(json.text == #"{"b":1,"a":[null,false,2]}"#)
    #expect(JSON.number(.infinity).text == "null")
  }

  @Test func aPlanReadsBackTheSame() throws {
    let plan = plan { net in
      let lan = net.lan("lan", behind: .corporate, firewall: .webOnly, link: .mobile3G)
      let ana = net.node("ana", in: lan, presence: PresenceTimings(refresh: .seconds(5)))
      let ben = net.node("ben", behind: .linux, region: .oceania, running: "old", flags: ["--x"])
      net.start(ana, ben)
      let split = net.partition([ana], [ben])
      net.inParallel([ana, ben]) { $0.loseSignal() }
      split.heal()
      ana.send("hi", to: ben)
      net.expect(ana.captures(.tcp, .inbound, tcp: .reset, with: ben), lan.drops(), within: .seconds(3))
      net.expect(always: !(ana.sees(ben) || ben.says("warning", ["text": "x"])))
      net.expect(.direct, between: ana, and: ben)
      net.expect(.presence)
    }
    let text = JSON(encoding: plan).text
    #expect(try JSONDecoder().decode(Plan.self, from: Data(text.utf8)) == plan)
  }

  @Test(arguments: [
    (0.0, "0 ms"), (250, "250 ms"), (1.5, "1.5 ms"), (1000, "1 s"), (60_000, "1 min"), (61_500, "61.5 s"),
  ]) func timesAreSaidAsPeopleSayThem(ms: Double, words: String) {
    #expect(ms.asTime == words)
  }

  @Test func numbersAreShort() {
    #expect((-2.5).short == "-2.5")
    #expect(1.0004.short == "1")
    #expect(["a", "b", "c"].inWords == "a, b and c")
  }
}
