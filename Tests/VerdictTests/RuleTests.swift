import SansIO
import Scenario
import Testing

@testable import Verdict

@Suite struct RuleTests {
  /// Every rule there is, over a village with that defect.
  private func village(
    _ defect: Village.Defect, crash: Double? = 40, over relay: String? = nil
  ) -> Village {
    Village(defect, crash: crash, over: relay) { net, _ in
      net.expect(.presence, .nobodyAliveReaped, .noPresenceFlap, .everyMessageOnce)
    }
  }

  @Test(arguments: [nil, "relay"]) func theWellBehavedAreGreen(relay: String?) {
    for crash in [nil, 40.0] {
      let verdict = Verdict(of: village(.none, crash: crash, over: relay).trace)
      #expect(verdict.outcome == .passed, "\(verdict.judgements.filter { !$0.passed })")
      #expect(verdict.judgements.count == Plan.Rule.allCases.count)
    }
  }

  @Test func everyRuleHadSomethingToJudge() {
    let judgements = Verdict(of: village(.none).trace).judgements
    for judgement in judgements where judgement.name != Plan.Rule.everyMessageOnce.words {
      #expect(judgement.detail != "0 judged", "\(judgement.name)")
    }
  }

  @Test(arguments: [
    (Village.Defect.reapsAt20Seconds, Plan.Rule.silenceBeforeReaping),
    (.answersRefresh, .welcomeOnlyAfterPresence),
    (.beatsEvery25Seconds, .refreshRhythm),
    (.neverWelcomes, .presenceIsWelcomed),
    (.announcesAt300ms, .presenceAfterReady),
    (.countsPingAsLife, .silentAreReaped),
  ]) func eachDefectTurnsExactlyItsRuleRed(defect: Village.Defect, rule: Plan.Rule) {
    #expect(village(defect).red == [rule.words])
    #expect(village(defect, over: "relay").red == [rule.words], "over circuits")
  }

  @Test func aRedRuleNamesItsEvidence() throws {
    let verdict = Verdict(of: village(.reapsAt20Seconds).trace)
    let judgement = try #require(verdict.judgements.first { !$0.passed })
    #expect(judgement.detail.hasPrefix("hub reaped ben at 50."))
    #expect(judgement.detail.contains("after 20.51 s of silence, of 45 s"), "\(judgement.detail)")
    #expect(judgement.evidence.map(\.kind) == [.packet, .event, .packet, .event])
    #expect(judgement.evidence.first?.host == "hub")
  }

  @Test func presenceIsSaidOnce() {
    var village = village(.none, crash: nil)
    village.publish("ana", 20, "ANNOUNCE:PRESENCE")
    #expect(
      village.red.contains(Plan.Rule.presenceOnce.words), "twice within 30 s")
    var later = self.village(.none, crash: nil)
    later.publish("ana", 70, "ANNOUNCE:PRESENCE")
    #expect(later.red.contains(Plan.Rule.presenceOnce.words), "never alone, and again")
  }

  @Test func theLivingAreNotReaped() {
    var village = village(.none, crash: nil)
    village.event("ana", 100, "peer.offline", ["peerId": "ben", "reason": "reaped"])
    #expect(
      village.red == [
        Plan.Rule.silenceBeforeReaping.words, Plan.Rule.nobodyAliveReaped.words,
        Plan.Rule.noPresenceFlap.words,
      ])
  }

  @Test func aRelayThatDiesIsNoExcuseForAFlap() {
    var village = Village(crash: nil) { net, nodes in
      let relay = net.relay("relay")
      net.start(relay)
      relay.crash()
      net.expect(.noPresenceFlap)
      _ = nodes
    }
    #expect(village.red.isEmpty)
    village.event("ana", 100, "peer.offline", ["peerId": "ben", "reason": "reaped"])
    #expect(village.red == [Plan.Rule.noPresenceFlap.words])
    // Whatever the reason: it went on.
    var leaver = Village(crash: nil) { net, _ in net.expect(.noPresenceFlap) }
    leaver.event("ana", 100, "peer.offline", ["peerId": "ben", "reason": "left"])
    #expect(leaver.red == [Plan.Rule.noPresenceFlap.words])
    // At its end the laboratory stops everybody.
    var end = Village(crash: nil) { net, _ in net.expect(.noPresenceFlap) }
    end.event("ana", 129.9, "peer.offline", ["peerId": "ben", "reason": "left"])
    #expect(end.red.isEmpty)
  }

  @Test func whoeverIsDeadOrCutOffFlapsNot() {
    var crashed = Village(crash: 40) { net, _ in net.expect(.noPresenceFlap) }
    #expect(crashed.red.isEmpty)
    crashed.event("ana", 30, "peer.offline", ["peerId": "ben", "reason": "reaped"])
    #expect(crashed.red == [Plan.Rule.noPresenceFlap.words])
    var cutOff = Village(crash: nil) { net, nodes in
      nodes[2].loseSignal()
      net.expect(.noPresenceFlap)
    }
    cutOff.trace.deeds[1] = Deed(step: 1, began: cutOff.at(60), ended: cutOff.at(60))
    cutOff.event("ana", 110, "peer.offline", ["peerId": "ben", "reason": "reaped"])
    #expect(cutOff.red.isEmpty)
  }

  @Test func whoeverIsCutOffMayBeReaped() {
    var village = Village(crash: nil) { net, nodes in
      nodes[2].loseSignal()
      net.expect(.nobodyAliveReaped)
    }
    village.trace.deeds.removeLast()
    village.trace.deeds.append(Deed(step: 1, began: village.at(60), ended: village.at(60)))
    village.event("ana", 110, "peer.offline", ["peerId": "ben", "reason": "reaped"])
    #expect(village.red.isEmpty)
  }

  @Test func aGuestWhoSaysNothingMayBeReaped() {
    var village = Village(crash: nil) { net, _ in
      net.start(net.peer("guest", running: "guest"))
      net.expect(.nobodyAliveReaped)
    }
    village.publish("guest", 10, "ANNOUNCE:PRESENCE")
    village.event("ana", 60, "peer.offline", ["peerId": "guest", "reason": "reaped"])
    #expect(village.red.isEmpty, "no rule makes it speak")
    village.publish("guest", 30, "hello")
    #expect(village.red == [Plan.Rule.nobodyAliveReaped.words], "it spoke 30 s before")
  }

  @Test func aReplayIsNoLife() {
    var village = village(.none)
    let replay = Witnessed.gossip(
      author: "ben", sequence: 1, topic: "p2p-chat-global", text: "ANNOUNCE:PRESENCE")
    village.see("ana", 85, .inbound, "hub", replay)
    #expect(village.red.isEmpty, "silence is counted from the last message with a new number")
  }
}
