// Ten minutes through a Go relay that cuts circuits after two minutes or 128 KiB: nobody notices.
import Scenario

scenario(.long) { net in
  let gopher = net.peer(
    "gopher", running: "${here}/Peers/go --key ${gopher.keyFile} --relay --off-topic")
  let ben = net.node("ben", behind: .symmetric, relays: [gopher])
  let ana = net.node(
    "ana", behind: .symmetric, relays: [gopher],
    flags: ["--bootstrap", "\(gopher.multiaddr)/p2p-circuit/p2p/\(ben.peerID)"])

  gopher.start()
  ben.start()
  net.wait(until: ben.isReserved(at: gopher), within: .seconds(20))
  ana.start()
  net.wait(until: everyone(ana, ben), within: .seconds(20))
  let long = String(repeating: "all work and no play makes a dull relay. ", count: 20)
  let talk = ana.stream(long, every: .milliseconds(700))
  net.wait(.seconds(600))
  talk.end()

  net.expect(that: "every word arrives", talk, reachesOnce: [ben], within: .seconds(10))
  net.expect(.noPresenceFlap)
  net.expect(
    that: "circuits are renewed", ben.capturesChannel(.relayed, with: ana), times: 5...40,
    within: .seconds(640),
    after: .beginning)
  net.expect(.relayed, between: ana, and: ben, after: .beginning)
  net.expect(.nobodyAliveReaped)
}
