// go-libp2p on our relay, either way: one reserves and is dialled through it, the other dials through it.
import Scenario

scenario { net in
  // Without limits: go-libp2p holds no gossip over circuits that have some.
  let relay = net.relay("relay", limits: RelayLimits(circuitSeconds: 0, circuitBytes: 0))
  let gopher = net.peer(
    "gopher",
    running:
      "${here}/Peers/go --key ${gopher.keyFile} --reserve \(relay.multiaddr) --dial \(relay.multiaddr)",
    behind: .symmetric)
  let ana = net.node("ana", behind: .homeRouter, relays: [relay])
  let gaspard = net.peer(
    "gaspard",
    running: "${here}/Peers/go --key ${gaspard.keyFile} "
      + "--dial \(relay.multiaddr)/p2p-circuit/p2p/\(ana.peerID)",
    behind: .symmetric)

  relay.start()
  gopher.start()
  net.expect(
    that: "Go reserves", relay.captures(protocol: "/libp2p/circuit/relay/0.2.0/hop", with: gopher),
    within: .seconds(20))
  net.wait(.seconds(10))
  ana.start()
  net.wait(until: ana.isReserved(at: relay), within: .seconds(10))
  ana.connect(to: gopher, through: relay)
  net.expect(that: "ours dials Go", ana.isConnected(to: gopher, .relayed), within: .seconds(5))
  gaspard.start()
  net.expect(that: "Go dials ours", ana.isConnected(to: gaspard, .relayed), within: .seconds(20))
  net.wait(.seconds(20))

  gopher.tell("hello from Go")
  net.expect(ana.receives("hello from Go", from: gopher), within: .seconds(5))
  gaspard.tell("hello from another")
  net.expect(ana.receives("hello from another", from: gaspard), within: .seconds(5))
  net.expect(.relayed, between: ana, and: gopher, after: .beginning)
  net.expect(.relayed, between: ana, and: gaspard, after: .beginning)
}
