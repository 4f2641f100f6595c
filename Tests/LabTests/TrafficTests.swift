import Testing

@Suite(.enabled(if: isLaboratoryPossible), .timeLimit(.minutes(2)))
struct TrafficTests {
  @Test func packetsTakeTheTimeTheirLinksTakeInBothFamilies() throws {
    let found = try findings("ping")
    for family in ["v4", "v6"] {
      #expect(found.number("\(family)-answers") == 20)
      // 25 ms there and 25 back; how much later is the machine's doing, and printed.
      #expect(try #require(found.number("\(family)-min-us")) >= 50_000)
      #expect(try #require(found.number("\(family)-min-us")) < 60_000)
    }
    #expect(found.number("captured") == 160)
    #expect(found.number("capture-lost") == 0)
    #expect(found.number("queue-drops") == 0)
    print(
      "fabric (\(found["scheduling"] ?? "?")): late by p50 \(found["lateness-p50-us"] ?? "?") µs,",
      "p99 \(found["lateness-p99-us"] ?? "?") µs, at most \(found["lateness-max-us"] ?? "?") µs")
  }

  @Test func theKernelsOwnTCPCarriesTwentyMegabytes() throws {
    let found = try findings("tcp")
    #expect(found.status == 0)
    #expect(try #require(found["tcp"]).hasPrefix("20000000 "))
    print("20 MB over TCP: \(found["tcp"]?.split(separator: " ").last ?? "?") ms")
  }

  @Test func whatOneSaysToTheMDNSGroupsTheOthersOnItsLANHear() throws {
    let found = try findings("multicast")
    for host in ["h1", "h2"] { #expect(found.all(host) == ["joined", "four 192.168.1.1", "six fe80::1"]) }
  }

  @Test func linksGoDownAndUpAndHostsAreReaddressedWhileTheyRun() throws {
    let found = try findings("changes")
    #expect(found["before"] == "true")
    #expect(found["down"] == "false")
    #expect(found["up"] == "true")
    #expect(found["up6"] == "true")
    #expect(found["without"] == "false")
    #expect(found["still6"] == "true")
    #expect(found["hostname"] == "h1")
    #expect(found["name"] == "11.0.1.1")
    #expect(found["interfaces"] == "lo,net0")
  }

  @Test func aHundredHostsComeUpInSecondsAndGo() throws {
    let found = try findings("many", "100")
    #expect(found["echo"] == "true")
    #expect(try #require(found.number("up-ms")) < 10_000)
    #expect(try #require(found.number("down-ms")) < 10_000)
    print(
      "100 hosts: up in \(found["up-ms"] ?? "?") ms,",
      "a process in each after \(found["spawned-ms"] ?? "?") ms,",
      "down in \(found["down-ms"] ?? "?") ms")
  }
}

@Suite(.enabled(if: isLaboratoryPossible), .timeLimit(.minutes(2)))
struct RouterTests {
  @Test(arguments: ["drop", "reject", "hairpin"])
  func aKernelCanBeEachOfTheNineNATs(variant: String) throws {
    let found = try findings("routers", variant)
    let kinds = ["endpointIndependent", "addressDependent", "addressAndPortDependent"]
    for mapping in kinds {
      for filtering in kinds {
        let seen = found.all("\(mapping)/\(filtering)").map {
          $0.split(separator: " ").prefix(3).map(String.init)
        }
        let turned = variant == "hairpin" ? "external" : "nothing"
        #expect(
          seen == [
            ["udp", mapping, filtering], ["hairpin", turned, "source"], ["tcp", mapping, filtering],
          ])
      }
    }
  }
}
