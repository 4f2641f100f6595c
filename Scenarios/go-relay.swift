// A go-libp2p relay, with its usual limits, serves our nodes: they reserve, meet, and talk through it.
import Scenario

scenario { net in
  let gopher = net.peer("gopher", running: "${here}/Peers/go --key ${gopher.keyFile} --relay")
  let ana = net.node("ana", behind: .homeRouter, knows: gopher, relays: [gopher])
  let ben = net.node("ben", behind: .symmetric, knows: gopher, relays: [gopher])

  gopher.start()
  net.start(ana, ben)
  net.expect(ana.isReserved(at: gopher), ben.isReserved(at: gopher), within: .seconds(10))
  net.wait(
    until: everyone(ana, ben), ana.isReserved(at: gopher), ben.isReserved(at: gopher), within: .seconds(30))

  let hello = ana.send("hello through Go")
  let secret = ben.send("and for you alone", to: ana)
  net.expect(that: "the hello arrives", hello, reachesOnce: ben, within: .seconds(5))
  net.expect(that: "a direct message arrives", secret, reachesOnce: ana, within: .seconds(5))
  net.wait(.seconds(32))
  net.expect(
    that: "over a circuit", ana.capturesChannel(.relayed, with: ben), within: .seconds(60), after: .beginning)
  net.expect(.relayed, between: ana, and: ben, after: .beginning)
  net.expect(.presence, .nobodyAliveReaped, .everyMessageOnce)
}
