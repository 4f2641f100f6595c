import SansIO
import Scenario
import Testing

@testable import Verdict

/// What nodes say of relays, holes and themselves.
@Suite struct RelayFactTests {
  private let net = Script(name: "relays", seed: 1)

  private func states(_ said: (type: String, fields: KeyValuePairs<String, String>)...) -> NodeStates {
    var states = NodeStates()
    for (number, event) in said.enumerated() {
      states.receive(NodeEvent("ana", number, at: .zero, event.type, event.fields))
    }
    return states
  }

  @Test(arguments: [
    (["requested"], false), (["requested", "accepted"], true), (["accepted", "requested"], true),
    (["accepted", "lost"], false), (["requested", "refused"], false), (["accepted", "refused"], false),
    (["accepted", "lost", "accepted"], true),
  ])
  func aReservationIsHeldFromYesUntilNo(said: [String], holds: Bool) {
    var states = NodeStates()
    for (number, state) in said.enumerated() {
      states.receive(
        NodeEvent("ana", number, at: .zero, "reservation", ["relay": "relay", "state": state]))
    }
    let (ana, relay, other) = (net.node("ana"), net.relay("relay"), net.relay("other"))
    #expect(states.holds(ana.isReserved(at: relay).fact) == holds)
    #expect(!states.holds(ana.isReserved(at: other).fact))
    states.started("ana")
    #expect(!states.holds(ana.isReserved(at: relay).fact), "who starts again holds none")
  }

  @Test func holesArePunchedOrNotForAReason() {
    let (ana, ben, cleo) = (net.node("ana"), net.node("ben"), net.node("cleo"))
    let states = states(
      ("holepunch", ["peerId": "ben", "attempt": "1", "outcome": "started"]),
      ("holepunch", ["peerId": "ben", "outcome": "failed", "reason": "both NATs are symmetric"]),
      ("holepunch", ["peerId": "cleo", "outcome": "succeeded", "ms": "31"]))
    #expect(!states.holds(ana.punches(to: ben).fact))
    #expect(states.holds(ana.punches(to: cleo).fact))
    #expect(states.holds(ana.failsToPunch(to: ben).fact))
    #expect(states.holds(ana.failsToPunch(to: ben, because: "symmetric").fact))
    #expect(!states.holds(ana.failsToPunch(to: ben, because: "timeout").fact))
    #expect(!states.holds(ana.failsToPunch(to: cleo).fact))
  }

  @Test func theLastWordOnReachabilityCounts() {
    let ana = net.node("ana")
    let states = states(("reachability", ["value": "public"]), ("reachability", ["value": "private"]))
    #expect(states.holds(ana.knowsItself(.private).fact))
    #expect(!states.holds(ana.knowsItself(.public).fact))
  }
}
