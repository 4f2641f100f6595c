import SansIO
import Scenario
import Testing

@testable import Verdict

@Suite struct ClaimTests {
  @Test func thingsHappenInTheirWindow() {
    let village = Village { net, nodes in
      let crash = net.now
      net.expect(that: "in time", nodes[0].reaps(nodes[2]), in: .seconds(30)...(.seconds(60)), after: crash)
      net.expect(that: "earlier", nodes[0].reaps(nodes[2]), in: .seconds(50)...(.seconds(60)), after: crash)
      net.expect(that: "later", nodes[0].reaps(nodes[2]), within: .seconds(20), after: crash)
      net.expect(that: "never", nodes[0].reaps(nodes[1]), within: .seconds(20), after: crash)
    }
    let judgements = Verdict(of: village.trace).judgements
    #expect(judgements.map(\.passed) == [true, false, false, false])
    #expect(judgements[1].detail.hasPrefix("too early, by"))
    #expect(judgements[2].detail.hasPrefix("too late, by"))
    #expect(judgements[3].detail == "it never happened; missing: hub reaps ana")
  }

  @Test func whatIsSoAlreadyIsWithinButDoesNotHappenAgain() {
    let village = Village(crash: nil) { net, nodes in
      net.expect(that: "within", everyone(nodes), within: .seconds(5))
      net.expect(that: "between", everyone(nodes), in: .seconds(2)...(.seconds(5)))
      net.expect(that: "always", always: nodes[0].sees(nodes[1]), after: .beginning)
      net.expect(that: "not always", never: !nodes[0].sees(nodes[1]))
    }
    #expect(village.red == ["between", "always"])
  }

  @Test func packetsAreEvidence() {
    var village = Village(crash: nil) { net, nodes in
      let (hub, ana) = (nodes[0], nodes[1])
      net.expect(
        that: "presence", hub.captures(message: "ANNOUNCE:PRESENCE", by: ana, .inbound), within: .seconds(9))
      net.expect(that: "no reset", never: hub.captures(.tcp, tcp: .reset))
      net.expect(that: "reset", ana.captures(.tcp, .inbound, tcp: .reset, with: hub), within: .seconds(9))
      net.expect(that: "open", ana.capturesSimultaneousOpen(with: hub), within: .seconds(9))
      net.expect(that: "direct", .direct, between: ana, and: hub)
      net.expect(that: "relayed", .relayed, between: ana, and: hub)
      net.expect(
        that: "twice", hub.captures(message: "ANNOUNCE:WELCOME", by: ana), times: 2...2, within: .seconds(9))
    }
    village.see("ana", 3, .inbound, "hub", .packet(transport: .tcp, port: 4001, tcp: .reset))
    village.see("ana", 4, .inbound, "hub", .simultaneousOpen)
    #expect(village.red == ["relayed"])
  }

  @Test func packetsThatAStepBringsAboutMayComeBeforeItsEnd() {
    var village = Village(crash: nil) { net, nodes in
      let hello = nodes[0].captures(message: "hello", by: nodes[0], .outbound)
      nodes[0].send("hello")
      net.expect(that: "within", hello, within: .seconds(5))
      net.expect(that: "once", hello, times: 1...1, within: .seconds(5))
      net.wait(.seconds(1))
      net.expect(that: "after the wait", hello, within: .seconds(5))
    }
    village.trace.deeds[2] = Deed(step: 2, began: village.at(0), ended: village.at(1))
    let message = Witnessed.gossip(author: "hub", sequence: 99, topic: "p2p-chat-global", text: "hello")
    village.see("hub", 0.05, .outbound, "ana", message)
    #expect(village.red == ["after the wait"])
  }

  @Test func dropsAreEvidence() {
    var village = Village(crash: nil) { net, nodes in
      let lan = net.lan("home", behind: .homeRouter)
      net.expect(that: "drop", lan.drops(from: nodes[1], rule: "unsolicited"), within: .seconds(9))
      net.expect(that: "none", never: lan.drops(from: nodes[2]))
    }
    village.trace.drops = [
      Drop(1, at: village.at(2), box: "home", rule: "unsolicited inbound", from: "ana", flow: "tcp a > b")
    ]
    #expect(village.red.isEmpty)
  }

  @Test(arguments: [(1, [String]()), (0, ["lost", "every message arrives exactly once"])])
  func messages(copies: Int, red: [String]) {
    #expect(deliveries(copies).red == red)
    #expect(deliveries(2).red.count == 2)
  }

  @Test(arguments: [0.05, 0.1, 1])
  func aMessageMayArriveBeforeItsSenderIsToldThatItWasSent(second: Double) {
    let village = deliveries(1, at: second)
    #expect(village.trace.deeds[1].ended == village.at(0.1))
    #expect(village.red.isEmpty)
  }

  private func deliveries(_ copies: Int, at second: Double = 1) -> Village {
    var village = Village(crash: nil) { net, nodes in
      let hello = nodes[0].send("hello")
      net.expect(that: "lost", hello, reachesOnce: nodes[1], nodes[2], within: .seconds(5))
      net.expect(.everyMessageOnce)
    }
    for _ in 0..<copies {
      village.event("ana", second, "message.received", ["from": "hub", "text": "hello", "room": "global"])
    }
    village.event("ben", second, "message.received", ["from": "hub", "text": "hello", "room": "global"])
    return village
  }

  @Test func aWindowThatNeverOpensIsRed() {
    var village = Village(crash: nil) { net, nodes in
      let split = net.wait(.seconds(5))
      net.expect(that: "x", nodes[0].sees(nodes[1]), within: .seconds(1), after: split)
    }
    village.trace.deeds.removeLast()
    #expect(Verdict(of: village.trace).judgements[0].detail == "its window never opened: step 1 was not done")
  }

  @Test func aStepThatFailsIsRed() {
    var village = Village(crash: nil) { _, _ in }
    village.trace.deeds[0].failure = "hub did not become ready within 10 s"
    let verdict = Verdict(of: village.trace)
    #expect(verdict.outcome == .failed)
    #expect(verdict.judgements.map(\.name) == ["step: start of hub, ana and ben"])
  }

  @Test func anUnwellLaboratoryProvesNothing() {
    var village = Village(.neverWelcomes) { net, _ in net.expect(.presence) }
    village.trace.health.latenessP99Ms = 12
    // Of few packets the latest prove little.
    village.trace.health.latenessP99AtLeastMs = 4.9
    #expect(Verdict(of: village.trace).outcome == .failed)
    village.trace.health.latenessP99AtLeastMs = 7
    #expect(Verdict(of: village.trace).outcome == .void)
    let late = "the fabric was late: 12 ms at the 99th percentile, and surely 7 ms, of 5 ms"
    #expect(Verdict(of: village.trace).complaints == [late])
    village.trace.health.latenessP99AtLeastMs = 2
    village.trace.health.captureLost = 1
    #expect(Verdict(of: village.trace).outcome == .void)
  }

  @Test func aRestartForgetsWhatWasSaid() {
    var states = NodeStates()
    states.receive(NodeEvent("ana", 1, at: .zero, "peer.online", ["peerId": "ben"]))
    #expect(states.holds(.online(at: "ana", peer: "ben")))
    states.started("ana")
    #expect(!states.holds(.online(at: "ana", peer: "ben")))
    #expect(!states.holds(.offline(at: "ana", peer: "ben", reason: nil)))
  }
}
