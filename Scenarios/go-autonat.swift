// go-libp2p and ours tell each other whether others can dial them: who is behind a router, and who is not.
import Scenario

scenario { net in
  let judges = ["gopher", "gaspard"].map { name in
    net.peer(name, running: "${here}/Peers/go --key ${\(name).keyFile} --judge --off-topic")
  }
  let relay = net.relay("relay")
  let ana = net.node("ana", behind: .homeRouter, knows: judges[0], judges[1])
  let ben = net.node("ben", knows: judges[0], judges[1])
  let ginger = net.peer(
    "ginger", running: "${here}/Peers/go --key ${ginger.keyFile} --off-topic --dial \(relay.multiaddr)",
    behind: .homeRouter)

  net.start(judges)
  relay.start()
  net.start(ana, ben)
  ginger.start()
  // Of version 1, nobody's word is believed alone.
  net.expect(that: "Go judges who is behind a router", ana.knowsItself(.private), within: .seconds(60))
  net.expect(that: "Go judges who is not", ben.knowsItself(.public), within: .seconds(60))
  net.expect(
    that: "Go asks us", relay.captures(protocol: "/libp2p/autonat/1.0.0", with: ginger), within: .seconds(60))
  net.wait(.seconds(20))
}
