// Two symmetric NATs: no hole can be punched; they stay with the relay, and say why.
import Scenario

scenario { net in
  let relays = [net.relay("one"), net.relay("two")]
  let ana = net.node("ana", behind: .symmetric, relays: relays)
  let ben = net.node("ben", behind: .symmetric, relays: relays)

  net.start(relays)
  net.start(ana, ben)
  net.wait(until: everyone(ana, ben), within: .seconds(20))

  let hello = ana.send("will this ever be direct?", to: ben)
  net.expect(that: "the message arrives", hello, reachesOnce: ben, within: .seconds(5))
  net.expect(
    ana.failsToPunch(to: ben, because: "both routers"), ben.failsToPunch(to: ana, because: "both routers"),
    within: .seconds(40))
  net.expect(never: ana.isConnected(to: ben, .direct), ben.isConnected(to: ana, .direct))

  net.wait(.seconds(45))
  let answer = ben.send("no", to: ana)
  net.expect(that: "the answer arrives", answer, reachesOnce: ana, within: .seconds(5))
  net.expect(.relayed, between: ana, and: ben, after: .beginning)
  net.expect(.presence, .nobodyAliveReaped, .everyMessageOnce)
}
