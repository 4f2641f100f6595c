import Foundation
import Scenario
import Testing

// Ctrl-C at every phase: the run ends soon, is void, and what was recorded is there.

@Suite(.serialized, .enabled(if: isLaboratoryPossible), .timeLimit(.minutes(2)))
struct InterruptionTests {
  /// Interrupts once the progress has these words.
  private func interrupt(at words: String, _ place: borrowing Place, _ scenario: (Script) -> Void) throws {
    let run = try place.perform(scenario)
    #expect(run.says(words))
    run.signal(SIGINT)
    let asked = ContinuousClock.now
    let end = run.end()
    #expect(ContinuousClock.now - asked < .seconds(5))
    #expect(end.status == 4, "\(end.output)")
    #expect(end.output.contains("void: the run was interrupted"), "\(end.output)")
    #expect(place.text(of: "verdict.json").contains(#""verdict":"void""#))
    #expect(place.text(of: "report.html").contains("the run was interrupted"))
    #expect(place.bytes(of: "events.jsonl") > 0)
    #expect(place.bytes(of: "ana.pcap") >= 24)
    #expect(Meshsim.remains(of: place.folder) == [])
  }

  @Test func whileANodeGetsReady() throws {
    let place = try Place()
    let idle = try place.program("idle", "exec sleep 1000")
    try interrupt(at: "start of ana", place) { net in net.start(net.node("ana", running: idle)) }
  }

  @Test func duringAStep() throws {
    let place = try Place()
    let quiet = try place.program("quiet", "\(ready)\nexec sleep 1000")
    try interrupt(at: "wait for", place) { net in
      net.start(net.node("ana", running: quiet))
      net.wait(.seconds(1000))
    }
  }

  @Test func whileSomethingIsWaitedFor() throws {
    let place = try Place()
    let quiet = try place.program("quiet", "\(ready)\nexec sleep 1000")
    try interrupt(at: "wait until", place) { net in
      let (ana, ben) = (net.node("ana", running: quiet), net.node("ben", running: quiet))
      net.start(ana, ben)
      net.wait(until: ana.sees(ben), within: .seconds(1000))
    }
  }

  @Test func duringACommand() throws {
    let place = try Place()
    let quiet = try place.program("quiet", "\(ready)\nexec sleep 1000")
    try interrupt(at: "sleep 1000", place) { net in
      net.start(net.node("ana", running: quiet))
      net.computer("box").run("sleep 1000")
    }
  }

  @Test func whileTheLastWindowIsOpen() throws {
    let place = try Place()
    let quiet = try place.program("quiet", "\(ready)\nexec sleep 1000")
    try interrupt(at: "all is done", place) { net in
      let (ana, ben) = (net.node("ana", running: quiet), net.node("ben", running: quiet))
      net.start(ana, ben)
      net.note("all is done")
      net.expect(never: ana.sees(ben), within: .seconds(1000))
    }
  }

  /// A scenario that does not end is no node: it runs before there is a laboratory.
  @Test func whileTheScenarioIsRead() throws {
    let place = try Place()
    let path = "\(place.folder)/endless.swift"
    let text = "import Scenario\nscenario { net in while true {} }"
    try text.write(toFile: path, atomically: true, encoding: .utf8)
    let run = try Meshsim(["run", path, "--out", place.run])
    var isRead = false
    for _ in 0..<3000 where !isRead {
      isRead = Meshsim.remains(of: "endless-").count > 0
      usleep(10_000)
    }
    #expect(isRead)
    // Not SIGINT, which whoever runs tests in the background may have had ignored.
    run.signal(SIGTERM)
    #expect(run.end().status == -SIGTERM)
    for _ in 0..<100 where Meshsim.remains(of: "endless-") != [] { usleep(10_000) }
    #expect(Meshsim.remains(of: "endless-") == [])
    #expect(!FileManager.default.fileExists(atPath: place.run))
  }
}
