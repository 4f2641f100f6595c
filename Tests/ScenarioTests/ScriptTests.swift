import Testing

@testable import Scenario

/// The plan of a script, as the program would print it.
func plan(seed: UInt64 = 1, _ body: (Script) -> Void) -> Plan {
  let script = Script(name: "test", seed: seed)
  body(script)
  return script.plan
}

@Suite struct ScriptTests {
  @Test func stepsAreNumberedInTheOrderOfTheFile() {
    let plan = plan { net in
      let ana = net.node("ana")
      ana.start()
      net.inParallel({ net.wait(.seconds(1)) }, { ana.send("one") })
      ana.stop()
    }
    #expect(plan.steps.map(\.id) == [0, 3, 4], "branches are counted before the step that holds them")
    #expect(plan.allSteps.map(\.action.words).last == "stop of ana")
    #expect(plan.allSteps.count == 5)
  }

  @Test func aRouterOfItsOwnIsALAN() throws {
    let plan = plan { net in
      let carrier = net.lan("carrier", behind: .carrierGrade, region: .asia)
      let ana = net.node("ana", in: carrier, behind: .homeRouter, link: .wifi)
      ana.start()
      ana.home.rebootRouter()
    }
    let home = try #require(plan.lan(named: "ana-home"))
    #expect(home.router?.upstream == "carrier")
    #expect(home.router?.link == .wifi)
    #expect(plan.host(named: "ana")?.lan == "ana-home")
    #expect(plan.host(named: "ana")?.link == .perfect)
    #expect(plan.mistakes.isEmpty)
  }

  @Test func aWindowBeginsWithTheStepBeforeUnlessAnotherIsNamed() {
    let plan = plan { net in
      let (ana, ben) = (net.node("ana"), net.node("ben"))
      net.expect(ana.sees(ben), within: .seconds(1))
      net.start(ana, ben)
      let crash = ben.crash()
      net.wait(.seconds(70))
      net.expect(ana.reaps(ben), in: .seconds(30)...(.seconds(60)), after: crash)
      net.expect(never: ana.sees(ben))
    }
    #expect(plan.expectations.map(\.window.from.moment) == [.beginning, .ended(step: 1), .ended(step: 2)])
    #expect(plan.expectations[1].window.until == .init(moment: .ended(step: 1), offsetMs: 60_000))
    #expect(plan.expectations[2].window.until == nil)
    #expect(
      plan.expectations.map(\.name) == [
        "ana sees ben within 1 s", "ana reaps ben 30 s to 1 min after crash of ben",
        "never: ana sees ben after wait for 70 s",
      ])
  }

  @Test func anotherProgramMayPlayANode() {
    let plan = plan { net in
      net.start(net.node("old", running: "${here}/meshnode-old"), net.node("new"))
    }
    #expect(plan.hosts.map(\.node?.program) == ["${here}/meshnode-old", nil])
    #expect(plan.mistakes.isEmpty)
  }

  @Test func bundlesBecomeExpectationsOfTheirOwn() {
    let plan = plan { net in
      let ana = net.node("ana")
      ana.start()
      net.expect(.presence, .nobodyAliveReaped, .noPresenceFlap, .everyMessageOnce)
    }
    #expect(plan.expectations.count == Plan.Rule.allCases.count)
    #expect(Set(plan.expectations.map(\.name)).count == Plan.Rule.allCases.count)
    #expect(plan.expectations.allSatisfy { $0.window.from.moment == .beginning })
  }

  @Test func theSameSeedMakesTheSamePlanAndAnotherOneAnother() {
    let dice: (Script) -> Void = { net in
      let nodes = (1...9).map { net.node("n\($0)") }
      net.start(nodes)
      net.repeat(5, every: .seconds(1)) { _ in net.random.pick(nodes).pause() }
      net.wait(net.random.duration(.seconds(1), .seconds(9)))
    }
    #expect(plan(seed: 7, dice) == plan(seed: 7, dice))
    #expect(plan(seed: 7, dice).steps != plan(seed: 8, dice).steps)
  }

  @Test func regionsBringTheirLatencies() {
    let plan = plan { net in
      net.start(net.node("ana", region: .europe), net.node("ben", region: .asia))
    }
    #expect(plan.latencies == [.init(between: "europe", and: "asia", delayMs: 80)])
  }

  @Test func handlesNameWhatCommandLinesNeed() {
    let plan = plan { net in
      let hub = net.node("hub")
      net.start(hub, net.peer("go", running: "dial \(hub.multiaddr) \(hub.ip)"))
    }
    #expect(plan.hosts[1].role == .foreign(command: "dial ${hub.multiaddr} ${hub.ip}"))
    #expect(plan.mistakes.isEmpty)
  }

  @Test func relaysHaveLimitsAndNodesUseThem() throws {
    let plan = plan { net in
      let relay = net.relay("relay", limits: .usual)
      net.start(relay, net.node("ana", behind: .homeRouter, relays: [relay]))
    }
    guard case .relay(let options) = plan.hosts[0].role else { throw Missing() }
    #expect(options.limits.all.map(\.name) == ["circuit-seconds", "circuit-bytes"])
    #expect(options.limits.all.map(\.value) == [120, 131_072])
    #expect(plan.hosts[1].node?.relays == ["relay"])
    #expect(RelayLimits().all.isEmpty && plan.mistakes.isEmpty)
  }

  private struct Missing: Error {}

  @Test func aStreamGoesOnUntilItIsEnded() {
    let plan = plan { net in
      let (ana, ben) = (net.node("ana"), net.node("ben"))
      net.start(ana, ben)
      let stream = ana.stream(every: .milliseconds(200))
      let crash = ben.pause()
      net.wait(.seconds(9))
      stream.end()
      net.expect(stream, reachesOnce: [ben], within: .seconds(5))
      net.expect(stream, resumesAt: ben, within: .seconds(3), after: crash)
    }
    #expect(
      plan.steps[1].action == .stream(from: "ana", to: .room(name: "global"), text: "ana", everyMs: 200))
    #expect(plan.steps[4].action == .endStream(stream: 1))
    #expect(plan.expectations[0].window.from.moment == .began(step: 1))
    #expect(plan.expectations[0].window.until == .init(moment: .ended(step: 4), offsetMs: 5000))
    #expect(plan.expectations[1].window.from.moment == .ended(step: 2))
    #expect(plan.mistakes.isEmpty)
  }

  @Test func aLongOneSaysSo() {
    #expect(Script(name: "test", seed: 1, length: .long).plan.length == .long)
    #expect(plan { _ in }.length == .short)
  }

  @Test func nameAndSeedComeFromTheCommandLine() {
    #expect(Plan.name(ofFile: "main/first-contact.swift") == "first-contact")
    #expect(Plan.seed(in: ["program", "--seed", "42"]) == 42)
    #expect(Plan.seed(in: ["program", "--seed"]) == 1)
  }
}
