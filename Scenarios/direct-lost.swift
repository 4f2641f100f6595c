// The direct path dies without a word while two people talk: the relay takes over again.
import Scenario

scenario { net in
  let relays = [net.relay("one"), net.relay("two")]
  let ana = net.node("ana", behind: .homeRouter, relays: relays)
  let ben = net.node("ben", behind: .homeRouter, relays: relays)

  net.start(relays)
  net.start(ana, ben)
  net.wait(until: everyone(ana, ben), within: .seconds(20))
  let talk = ana.stream("talk", to: ben, every: .milliseconds(250))
  net.wait(until: ana.isConnected(to: ben, .direct), ben.isConnected(to: ana, .direct), within: .seconds(20))
  net.wait(.seconds(10))

  let cut = net.partition([ana], [ben])
  let torn = net.now
  net.expect(that: "the talk goes on", talk, resumesAt: ben, within: .seconds(15), after: torn)
  net.expect(that: "through a relay", ana.isConnected(to: ben, .relayed), within: .seconds(15), after: torn)
  net.wait(.seconds(40))
  cut.heal()
  net.wait(.seconds(5))

  talk.end()
  net.expect(that: "not a word is lost", talk, reachesOnce: [ben], within: .seconds(10))
  net.expect(that: "nobody flaps", noneOfflineAmong: [ana, ben])
}
