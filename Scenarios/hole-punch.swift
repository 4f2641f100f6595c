// Two homes: what begins through a relay goes on without it, within a second.
import Scenario

scenario { net in
  let relays = [net.relay("one"), net.relay("two")]
  let ana = net.node("ana", behind: .homeRouter, link: .fibre, relays: relays)
  let ben = net.node("ben", behind: .homeRouter, link: .fibre, relays: relays)

  net.start(relays)
  net.start(ana, ben)
  net.wait(until: everyone(ana, ben), within: .seconds(20))

  let talk = ana.stream("talk", to: ben, every: .milliseconds(250))
  net.expect(ana.punches(to: ben), ben.punches(to: ana), within: .seconds(2))
  net.expect(
    that: "from the circuit to the direct path", ana.capturesChannel(.direct, with: ben),
    follows: ana.capturesChannel(.relayed, with: ben), within: .seconds(1), after: .beginning)
  net.expect(
    that: "a hole was punched", ana.capturesPunch(to: ben), ben.capturesPunch(to: ana), within: .seconds(30),
    after: .beginning)

  net.wait(.seconds(40))
  net.expect(that: "it stays direct", always: ana.isConnected(to: ben, .direct), for: .seconds(20))
  net.wait(.seconds(20))
  talk.end()
  net.expect(that: "not a word is lost", talk, reachesOnce: [ben], within: .seconds(5))
  net.expect(.presence, .noPresenceFlap, .everyMessageOnce)
}
