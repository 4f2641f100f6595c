// The original messenger among ours: they see each other and chat, its needless WELCOMEs go unanswered.
import Scenario

scenario { net in
  let hub = net.node("hub")
  let ana = net.node("ana", behind: .homeRouter, knows: hub)
  let olga = net.peer(
    "olga", running: "${here}/Peers/original --key ${olga.keyFile} --dial \(hub.multiaddr)",
    behind: .homeRouter)
  let otto = net.peer(
    "otto", running: "${here}/Peers/original --key ${otto.keyFile} --dial \(hub.multiaddr)",
    behind: .symmetric)

  net.start(hub, ana)
  net.start(olga, otto)
  net.wait(until: everyone(hub, ana), ana.sees(olga), ana.sees(otto), within: .seconds(30))

  olga.tell("¡hola from the original!")
  net.expect(ana.receives("¡hola from the original!", from: olga), within: .seconds(5))
  ana.send("hello, olga")
  net.expect(olga.captures(message: "hello, olga", by: ana, .inbound), within: .seconds(5))

  net.wait(.seconds(32))
  let crash = otto.crash()
  net.expect(hub.reaps(otto), ana.reaps(otto), in: .seconds(30)...(.seconds(60)), after: crash)
  net.wait(.seconds(62))
  net.expect(.presence, .nobodyAliveReaped)
}
