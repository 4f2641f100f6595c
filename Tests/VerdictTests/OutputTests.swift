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
    if let path = ProcessInfo.processInfo.environment["MESHWORK_REPORT"] {
      try? html.write(toFile: path, atomically: true, encoding: .utf8)
    }
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
