import Testing

@testable import Scenario

@Suite struct MistakeTests {
  /// Ana in the open and Ben behind a router, both started, and then `body`: exactly these mistakes.
  private func expect(
    _ messages: String..., at location: SourceLocation = #_sourceLocation,
    in body: (Script, Node, Node) -> Void
  ) {
    let plan = plan { net in
      let (ana, ben) = (net.node("ana", line: 1), net.node("ben", behind: .homeRouter, line: 2))
      net.start(ana, ben)
      body(net, ana, ben)
    }
    #expect(plan.mistakes.map(\.message) == messages, sourceLocation: location)
  }

  @Test func aScenarioWithoutMistakesHasNone() {
    expect { net, ana, ben in
      net.wait(until: everyone(ana, ben), within: .seconds(5))
      ben.crash()
      ben.start()
      net.expect(ana.sees(ben), within: .seconds(5))
    }
  }

  @Test func theyAreToldAllAtOnceByLine() {
    let plan = plan { net in
      let ana = net.node("ana", line: 1)
      ana.resume(line: 9)
      net.wait(.seconds(-1), line: 5)
      ana.stop(line: 7)
    }
    #expect(plan.mistakes.map(\.line) == [1, 5, 7, 9])
    #expect(plan.mistakes[0].message == "nothing is ever started: net.start(ana)")
    #expect(plan.mistakes[2].message == "stop of ana: ana was never started")
  }

  @Test func names() {
    expect("host “ana”: the name is taken by line 1") { net, _, _ in _ = net.node("ana") }
    expect("LAN “ben-home”: the name is taken by line 2") { net, _, _ in _ = net.lan("ben-home") }
    expect("host “Ana!”: a name is 1 to 32 of a–z, 0–9 and hyphens, and begins with a letter") { net, _, _ in
      _ = net.node("Ana!")
    }
    #expect(plan { _ in }.mistakes.map(\.message) == ["there is no host: net.node(\"ana\") makes one"])
  }

  @Test func valuesOutOfRange() {
    expect(
      "cleo, up: loss of 150 %: percentages are 0 to 100",
      "cleo, down: loss of 150 %: percentages are 0 to 100"
    ) { net, _, _ in
      _ = net.node("cleo", link: .fibre.losing(percent: 150))
    }
    expect("ana, up: toBad of -1 %: percentages are 0 to 100") { net, ana, _ in
      var link = Link.fibre
      link.up.loss = .bursts(toBad: -1, toGood: 1, lossWhenBad: 1, lossWhenGood: 1)
      ana.change(link: link)
    }
    expect("cleo, up: a jitter of -5 ms", "cleo, up: an MTU of 20: it is 576 to 65535") {
      net, _, _ in
      let conditions = Link.Conditions(delay: .milliseconds(1), jitter: .milliseconds(-5))
      _ = net.node("cleo", link: Link(conditions).with { $0.mtu = 20 })
    }
    expect("office: there is no port 70000") { net, _, _ in
      _ = net.lan("office", behind: .corporate, firewall: Firewall(.init("x", .drop, ports: [70_000])))
    }
    expect("office: a NAT of kind .linux cannot have sequential ports; the model can") { net, _, _ in
      _ = net.lan("office", behind: .linux.with { $0.order = .sequential })
    }
    expect(
      "cleo: the silence limit (10 s) must be longer than the refresh interval (15 s), "
        + "or the living are reaped"
    ) { net, _, _ in
      _ = net.node("cleo", presence: PresenceTimings(silence: .seconds(10)))
    }
  }

  @Test func regionsWithoutALatency() {
    expect("no latency between europe and moon: say net.latency(between:and:_:)") { net, _, _ in
      _ = net.node("cleo", region: .europe)
      _ = net.node("dora", region: Region("moon"))
    }
  }

  @Test func stepsThatCannotHappen() {
    expect("ana runs already") { _, ana, _ in ana.start() }
    expect("stop of ana: ana does not run here") { _, ana, _ in
      ana.crash()
      ana.stop()
    }
    expect("ana is not paused") { _, ana, _ in ana.resume() }
    expect("ana has not lost its signal") { _, ana, _ in ana.regainSignal() }
    expect("ana is not unplugged") { _, ana, _ in ana.plug() }
    expect("this partition is healed already") { net, ana, ben in
      let split = net.partition([ana], [ben])
      split.heal()
      split.heal()
    }
    expect("ana is in the partition twice") { net, ana, ben in _ = net.partition([ana], [ben, ana]) }
    expect("cabin has no router") { net, _, _ in net.lan("cabin").rebootRouter() }
    expect("there is no LAN “ana-home”") { _, ana, _ in ana.home.rebootRouter() }
    expect("ana has nothing to do with itself") { _, ana, _ in ana.send("hi", to: ana) }
    expect("pc is a computer without a program: there is nothing to start") { net, _, _ in
      net.computer("pc").start()
    }
    expect("waits for ana, which does not run here") { net, ana, _ in
      ana.stop()
      net.wait(until: ana.isReady, within: .seconds(1))
    }
    expect(
      "${go.ip}: there is no host “go”", "${ana.size}: a host has ip, ip6, peerId, multiaddr and keyFile"
    ) {
      _, ana, _ in ana.run("echo ${go.ip} ${ana.size} ${HOME}")
    }
  }

  @Test func expectationsThatNoRunCouldMeet() {
    expect("the window ends (5 s) before it begins (5 s)") { net, ana, ben in
      net.expect(ana.sees(ben), in: .seconds(5)...(.seconds(5)))
    }
    expect("the window ends with a step that comes before the one it begins with") { net, ana, ben in
      let early = net.wait(.seconds(1))
      let late = net.wait(.seconds(1))
      net.expect(never: ana.sees(ben), from: late, until: early)
    }
    expect("something is expected of cleo, which is never started") { net, ana, _ in
      net.expect(net.node("cleo").sees(ana), within: .seconds(1))
    }
    expect("packets are expected of ana, which captures nothing") { net, ana, _ in
      net.doesNotCapture([ana])
      net.expect(ana.captures(.tcp), within: .seconds(1))
    }
    expect("“x” is expected by line 20 already: name them apart") { net, ana, ben in
      net.expect(that: "x", ana.sees(ben), within: .seconds(1), line: 20)
      net.expect(that: "x", ben.sees(ana), within: .seconds(1), line: 21)
    }
    expect("the message is for ben alone, not for cleo") { net, ana, ben in
      let cleo = net.node("cleo")
      cleo.start()
      net.expect(ana.send("hi", to: ben), reachesOnce: cleo, within: .seconds(1))
    }
    expect("ana sees ana: a node is not its own peer") { net, ana, _ in
      net.expect(ana.sees(ana), within: .seconds(1))
    }
  }

  @Test func streams() {
    expect("this stream is ended already") { net, ana, _ in
      let stream = ana.stream(every: .seconds(1))
      stream.end()
      stream.end()
    }
    expect("an interval of 0 ms: the least is 1 ms") { net, ana, _ in ana.stream(every: .zero) }
    expect("ana has nothing to do with itself") { _, ana, _ in ana.connect(to: ana) }
    expect("ana has nothing to do with itself") { net, ana, _ in ana.stream(to: ana, every: .seconds(1)) }
    expect(
      "ana does not receive what it sends", "the message is for ben alone, not for ana"
    ) { net, ana, ben in
      let stream = ana.stream(to: ben, every: .seconds(1))
      stream.end()
      net.expect(stream, reachesOnce: [ben, ana], within: .seconds(1))
    }
  }

  @Test func relays() {
    expect("relay: max-circuits of -1: a limit is 0, which is none, or more") { net, _, _ in
      _ = net.relay("relay", limits: RelayLimits(circuits: -1))
    }
    expect("ana has a reservation at ana: a node is not its own peer") { net, ana, _ in
      net.expect(ana.isReserved(at: ana), within: .seconds(1))
    }
  }

  @Test func routersInACircle() {
    var plan = plan { net in
      let outer = net.lan("outer", behind: .homeRouter, line: 1)
      _ = net.lan("inner", behind: .homeRouter, in: outer, line: 2)
      net.node("ana").start()
    }
    plan.lans[0].router?.upstream = "inner"
    #expect(
      plan.mistakes.map(\.message) == [
        "outer: its routers lead in a circle", "inner: its routers lead in a circle",
      ])
  }
}
