// Two homes without any delay between them: how long from the circuit to the direct path (`scripts/campaign 20
// home-to-home` prints the percentiles).
import Scenario

scenario { net in
  let relays = [net.relay("one"), net.relay("two")]
  let ana = net.node("ana", behind: .homeRouter, relays: relays)
  let ben = net.node("ben", behind: .homeRouter, relays: relays)

  net.start(relays)
  net.start(ana, ben)
  net.wait(until: everyone(ana, ben), within: .seconds(20))
  net.expect(ana.punches(to: ben), ben.punches(to: ana), within: .seconds(2), after: .beginning)
  net.expect(
    that: "from the circuit to the direct path", ana.capturesChannel(.direct, with: ben),
    follows: ana.capturesChannel(.relayed, with: ben), within: .seconds(1), after: .beginning)
  net.expect(
    that: "the other side's packets say so, too", ben.capturesChannel(.direct, with: ana),
    within: .seconds(5), after: .beginning)
  net.wait(.seconds(5))
  net.expect(.presence, .noPresenceFlap)
}
