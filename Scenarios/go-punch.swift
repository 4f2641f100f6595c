// Holes are punched together with go-libp2p, from either side: it dialled the circuit, or we did.
import Scenario

scenario { net in
  let relay = net.relay("relay")
  // Go believes where it is seen when four say so.
  let observers = (1...4).map { net.node("observer\($0)", knows: relay) }
  let everywhere = ([relay] + observers).map { "--dial \($0.multiaddr)" }.joined(separator: " ")
  let ana = net.node("ana", behind: .homeRouter, relays: [relay])
  let ben = net.node("ben", behind: .homeRouter, relays: [relay])
  let gopher = net.peer(
    "gopher",
    running: "${here}/Peers/go --key ${gopher.keyFile} --punch --off-topic --reserve \(relay.multiaddr) "
      + everywhere,
    behind: .homeRouter)
  let gaspard = net.peer(
    "gaspard",
    running: "${here}/Peers/go --key ${gaspard.keyFile} --punch --off-topic --reserve \(relay.multiaddr) "
      + "\(everywhere) --dial \(relay.multiaddr)/p2p-circuit/p2p/\(ben.peerID)",
    behind: .homeRouter)

  relay.start()
  net.start(observers)
  net.start(ana, ben)
  net.start(gopher, gaspard)
  net.expect(that: "Go dialled", ben.isConnected(to: gaspard, .direct), within: .seconds(60))
  net.expect(
    that: "Go dialled, and the packets say so", ben.capturesChannel(.direct, with: gaspard),
    within: .seconds(60))
  net.wait(.seconds(20))

  ana.connect(to: gopher, through: relay)
  net.expect(that: "we dialled", ana.isConnected(to: gopher, .direct), within: .seconds(15))
  net.expect(
    that: "we dialled, and the packets say so", ana.capturesChannel(.direct, with: gopher),
    within: .seconds(15))
  net.wait(.seconds(15))
}
