import SansIO
import Scenario
import Testing

@testable import Verdict

@Suite struct StreamTests {
  /// The hub writes ten messages, one a second from second 10; each arrives 100 ms later, but for what
  /// `change` does to the arrivals.
  private func village(
    _ change: (inout [(host: String, second: Double, number: Int)]) -> Void = { _ in }
  ) -> Village {
    var village = Village(crash: nil) { net, nodes in
      let (hub, ana, ben) = (nodes[0], nodes[1], nodes[2])
      let stream = hub.stream(every: .seconds(1))
      let fault = ana.pause()
      ana.resume()
      stream.end()
      net.expect(that: "all", stream, reachesOnce: [ana, ben], within: .seconds(5))
      net.expect(that: "goes on", stream, resumesAt: ana, ben, within: .seconds(3), after: fault)
      net.expect(.everyMessageOnce)
    }
    // The start is step 0; stream, pause, resume and end follow it.
    for (step, second) in [(1, 10.0), (2, 15.5), (3, 15.6), (4, 19.9)] {
      village.trace.deeds.removeAll { $0.step == step }
      village.trace.deeds.append(Deed(step: step, began: village.at(second), ended: village.at(second)))
    }
    var arrivals: [(host: String, second: Double, number: Int)] = []
    for number in 1...10 {
      let second = 9 + Double(number)
      village.trace.posts.append(Post(step: 1, number: number, at: village.at(second)))
      for host in ["ana", "ben"] { arrivals.append((host, second + 0.1, number)) }
    }
    change(&arrivals)
    for arrival in arrivals {
      village.event(
        arrival.host, arrival.second, "message.received",
        ["from": "hub", "text": "hub \(arrival.number)", "room": "global"])
    }
    return village
  }

  private func judgement(_ name: String, in village: Village) throws -> Judgement {
    var trace = village.trace
    trace.complete()
    return try #require(Verdict(of: trace).judgements.first { $0.name == name })
  }

  @Test func aWholeStreamIsGreenAndItsPauseIsAFigure() throws {
    let village = village()
    #expect(village.red.isEmpty)
    #expect(try judgement("all", in: village).detail == "10 messages, the slowest after 100 ms")
    // Number 7 is sent at 16 s, half a second after the fault.
    #expect(try judgement("goes on", in: village).figureMs == 600)
  }

  @Test func lostDoubledAndLate() throws {
    let lost = village { $0.removeAll { $0.host == "ben" && $0.number == 4 } }
    #expect(try judgement("all", in: lost).detail.hasPrefix("ben received number 4 never; of 10 messages"))
    #expect(lost.red == ["all", Plan.Rule.everyMessageOnce.words])
    let doubled = village { $0.append(("ana", 30, 9)) }
    #expect(try judgement("all", in: doubled).detail.hasPrefix("ana received number 9 2 times"))
    #expect(doubled.red == ["all", Plan.Rule.everyMessageOnce.words])
    let late = village { arrivals in
      for index in arrivals.indices where arrivals[index].number == 10 { arrivals[index].second = 60 }
    }
    #expect(late.red == ["all"])
    #expect(try judgement("all", in: late).detail.hasPrefix("ana received number 10 too late; and 1 more"))
  }

  @Test func theSlowestReceiverCountsAndWhatWasSentBeforeDoesNot() throws {
    let slow = village { arrivals in
      for index in arrivals.indices where arrivals[index].host == "ben" && arrivals[index].number > 6 {
        arrivals[index].second = max(arrivals[index].second, 20)
      }
    }
    let goesOn = try judgement("goes on", in: slow)
    #expect(goesOn.figureMs == 4500 && !goesOn.passed)
    #expect(goesOn.detail == "after 4.5 s, of 3 s" && goesOn.evidence.map(\.host) == ["ben"])
    let never = village { $0.removeAll { $0.host == "ben" && $0.number > 6 } }
    #expect(try judgement("goes on", in: never).detail == "ben received nothing of it any more")
  }

  @Test func whatANodeDidNotTakeWasNotSent() throws {
    var village = village { $0.removeAll { $0.number == 3 } }
    village.trace.posts[2].failure = "the outbox is full"
    #expect(village.red == ["all"])
    #expect(try judgement("all", in: village).detail == "hub did not take number 3: the outbox is full")
  }

  @Test func nobodyIsShownOfflineAmongSome() throws {
    var village = Village(crash: nil) { net, nodes in
      net.expect(that: "all", noneOfflineAmong: nodes)
      net.expect(that: "two", noneOfflineAmong: [nodes[0], nodes[1]])
    }
    #expect(village.red.isEmpty)
    village.event("ana", 60, "peer.offline", ["peerId": "ben", "reason": "reaped"])
    #expect(village.red == ["all"])
    #expect(try judgement("all", in: village).detail == "ana showed ben offline, reaped at 1 min")
  }

  @Test func oneThingFollowsAnother() throws {
    var village = Village(crash: nil) { net, nodes in
      let (ana, ben) = (nodes[1], nodes[2])
      for (name, limit) in [("quickly", 40), ("slowly", 20)] {
        net.expect(
          that: name, ana.isConnected(to: ben, .direct), follows: ana.isConnected(to: ben, .relayed),
          within: .milliseconds(limit))
      }
      net.expect(that: "not", ben.punches(to: ana), follows: ana.isConnected(to: ben), within: .seconds(9))
      net.expect(that: "no cause", ben.isReady, follows: ben.punches(to: ana), within: .seconds(9))
    }
    village.event(
      "ana", 5, "connection.opened", ["connectionId": "1", "peerId": "ben", "path": "relayed"])
    village.event(
      "ana", 5.03, "connection.opened", ["connectionId": "2", "peerId": "ben", "path": "direct"])
    #expect(village.red == ["slowly", "not", "no cause"])
    #expect(try judgement("quickly", in: village).figureMs == 30)
    #expect(try judgement("slowly", in: village).figureMs == 30)
    #expect(try judgement("not", in: village).figureMs == nil)
  }
}
