import Foundation
import SansIO
import Scenario
import Testing

@testable import Verdict

@Suite struct OutputTests {
  /// What a hostile scenario, peer or box may say.
  private static let nasty = "</script><script>alert(1)</script> & \"quoted\" 'single' \u{0} ]]> \u{1F41F}"

  private func village() -> Village {
    var village = Village(.reapsAt20Seconds) { net, nodes in
      let home = net.lan("home", behind: .symmetric)
      _ = net.node("guest", in: home)
      net.expect(that: OutputTests.nasty, nodes[0].captures(message: "<b>"), within: .seconds(5))
      net.expect(.presence)
    }
    village.publish("ana", 125, "<b>bold</b> " + Self.nasty)
    village.event("ana", 4, "message.received", ["from": "hub", "text": Self.nasty])
    village.trace.drops = (1...5).map {
      Drop($0, at: village.at(5), box: "home", rule: "no <mapping>", from: "ana", flow: "tcp & more")
    }
    village.trace.complete()
    return village
  }

  @Test func verdictJSONHasItsShape() throws {
    struct Document: Decodable {
      struct Expectation: Decodable {
        let name: String
        let verdict: String
        let detail: String
        let evidence: [Evidence]
      }
      struct Evidence: Decodable {
        let host: String
        let timeMs: Int64
        let packet: Int?
        let event: Int?
      }
      struct Health: Decodable { let latenessP99Ms: Double }
      let scenario: String
      let world: String
      let seed: UInt64
      let verdict: String
      let durationMs: Double
      let expectations: [Expectation]
      let health: Health
    }
    let text = Verdict(of: village().trace).json.text
    let document = try JSONDecoder().decode(Document.self, from: Data(text.utf8))
    #expect(document.scenario == "village" && document.world == "lab" && document.seed == 1)
    #expect(document.verdict == "failed")
    #expect(document.durationMs == 130_000)
    #expect(document.expectations.map(\.verdict).filter { $0 == "failed" }.count == 2)
    let evidence = try #require(
      document.expectations.first { $0.verdict == "failed" && !$0.evidence.isEmpty })
    #expect(evidence.evidence.contains { $0.packet != nil || $0.event != nil })
  }

  @Test func junitIsWellFormedAndCountsRight() throws {
    let junit = Verdict.junit([Verdict(of: village().trace), Verdict(of: village().trace)])
    #expect(isWellFormed(junit))
    #expect(junit.contains("tests=\"8\" failures=\"2\" errors=\"0\" time=\"130\""))
    #expect(!junit.contains("<script>"))
  }

  @Test func aVoidRunIsAnErrorInEveryCase() {
    var trace = village().trace
    trace.health.faults = ["the disk is full"]
    let junit = Verdict(of: trace).junit
    #expect(isWellFormed(junit))
    #expect(junit.contains("tests=\"8\" failures=\"0\" errors=\"8\""))
    #expect(junit.contains("void: the disk is full"))
  }

  @Test func theReportNeedsNothingAndRunsNothing() {
    let trace = village().trace
    let html = Report(Verdict(of: trace), of: trace).html
    for word in ["<script", "http:", "https:", "src=", "@import", "url(", "<b>bold"] {
      #expect(!html.contains(word), "\(word)")
    }
    for word in ["village", "hub reaped ben", "NAT APDM/APDF", "5 packets die at home", "viewport", "guest"] {
      #expect(html.contains(word), "\(word)")
    }
    #expect(!html.contains("class=\"way\" x1"), "no relay, no ways")
    if let path = ProcessInfo.processInfo.environment["MESHWORK_REPORT"] {
      try? html.write(toFile: path, atomically: true, encoding: .utf8)
    }
  }

  @Test func theReportShowsTheWaysBetweenHosts() {
    var village = Village(crash: nil) { _, _ in }
    func see(
      _ host: String, _ second: Double, _ direction: Direction, _ peer: String, relay: String? = nil,
      _ what: Witnessed
    ) {
      village.trace.sightings.append(
        Sighted(
          host, 1, at: village.at(second), direction, peer: peer, path: relay == nil ? .direct : .relayed,
          relay: relay, what))
    }
    func say(_ second: Double, relay: String?, _ sequence: UInt64) {
      let message = Witnessed.gossip(author: "ana", sequence: sequence, topic: "t", text: "hello")
      see("ana", second, .outbound, "ben", relay: relay, message)
    }
    see("ben", 1, .inbound, "hub", .reserved(roundTrips: 1, afterMs: 40.5))
    see("hub", 1, .outbound, "ben", .reserved(roundTrips: 1, afterMs: 0.5))
    see("ana", 2, .inbound, "hub", .circuitOpened(from: "ana", to: "ben"))
    see("ben", 2, .outbound, "hub", .circuitOpened(from: "ana", to: "ben"))
    say(3, relay: "hub", 900)
    see("ana", 4, .outbound, "ben", .punched(opening: .simultaneous))
    say(5, relay: nil, 901)
    see(
      "ana", 6, .inbound, "hub",
      .circuitEnded(from: "ana", to: "ben", sentBytes: 131072, receivedBytes: 9, wasReset: true))
    say(7, relay: "hub", 902)
    see("ana", 8, .inbound, "hub", .circuitRefused(from: "ana", to: "ben", reason: "a <limit>"))
    see("ana", 9, .inbound, "hub", .reservationRefused(reason: "no slot"))
    village.trace.complete()
    let html = Report(Verdict(of: village.trace), of: village.trace).html
    for words in [
      "ben: reservation at hub, after 1 round trip and 40.5 ms", "ana: circuit from ana to ben via hub opens",
      "ana: hole punched to ben, by simultaneous open", "ana: messages to ben now go directly",
      "circuit from ana to ben via hub is reset, after 131072 bytes there and 9 back",
      "ana: messages to ben now go over hub", "ana: no circuit from ana to ben via hub: a &lt;limit&gt;",
      "ana: no reservation at hub: no slot",
    ] {
      #expect(html.contains(words), "\(words)")
    }
    // The other end of the circuit and of the reservation says the same, once is enough.
    #expect(!html.contains("ben: circuit from") && !html.contains("hub: reservation"))
  }

  @Test func theSameTraceMakesTheSameOutputs() {
    let (one, other) = (village().trace, village().trace)
    #expect(Verdict(of: one).json == Verdict(of: other).json)
    #expect(Report(Verdict(of: one), of: one).html == Report(Verdict(of: other), of: other).html)
  }

  /// By Python's parser, which the suite has anyway, so that Foundation's XML need not be linked.
  private func isWellFormed(_ xml: String) -> Bool {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = [
      "python3", "-c", "import sys, xml.dom.minidom as m; m.parseString(sys.stdin.buffer.read())",
    ]
    let input = Pipe()
    process.standardInput = input
    process.standardError = FileHandle.nullDevice
    guard (try? process.run()) != nil else { return false }
    input.fileHandleForWriting.write(Data(xml.utf8))
    try? input.fileHandleForWriting.close()
    process.waitUntilExit()
    return process.terminationStatus == 0
  }
}
