// Homes behind a carrier's NAT: neighbours and strangers reach each other directly, through two boxes each.
import Scenario

scenario { net in
  let relays = [net.relay("one", region: .europe), net.relay("two", region: .europe)]
  let carrier = net.lan("carrier", behind: .carrierGrade, region: .europe)
  let ana = net.node("ana", in: carrier, behind: .homeRouter, link: .dsl, relays: relays)
  let ben = net.node("ben", in: carrier, behind: .homeRouter, link: .dsl, relays: relays)
  let cleo = net.node("cleo", behind: .homeRouter, link: .fibre, region: .europe, relays: relays)

  net.start(relays)
  net.start(ana, ben, cleo)
  net.wait(until: everyone(ana, ben, cleo), within: .seconds(20))

  let far = ana.send("out of the carrier's network", to: cleo)
  let near = ana.send("to the neighbour", to: ben)
  net.expect(that: "the far message arrives", far, reachesOnce: cleo, within: .seconds(5))
  net.expect(that: "the near message arrives", near, reachesOnce: ben, within: .seconds(5))
  net.expect(that: "far is direct", ana.isConnected(to: cleo, .direct), within: .seconds(20))
  net.expect(that: "near is direct", ana.isConnected(to: ben, .direct), within: .seconds(20))

  net.wait(.seconds(32))
  net.expect(.presence, .nobodyAliveReaped, .everyMessageOnce)
}
