// A go-libp2p daemon behind a NAT joins the chat topic; what it says is read in the decrypted captures.
import Scenario

scenario { net in
  let hub = net.node("hub")
  let ana = net.node("ana", behind: .homeRouter, knows: hub)
  let gopher = net.peer(
    "gopher", running: "${here}/Peers/go --key ${gopher.keyFile} --dial \(hub.multiaddr)",
    behind: .homeRouter)

  net.start(hub, ana)
  net.wait(until: everyone(hub, ana), within: .seconds(20))
  gopher.start()
  net.expect(hub.captures(protocol: "/meshsub/1.1.0", with: gopher), within: .seconds(10))
  net.wait(.seconds(5))

  gopher.tell("hello from Go")
  net.expect(ana.receives("hello from Go", from: gopher), within: .seconds(5))
  net.expect(gopher.captures(message: "hello from Go", by: gopher, .outbound), within: .seconds(5))
  net.expect(ana.sees(gopher), within: .seconds(5))

  let hello = ana.send("hello, gopher")
  net.expect(gopher.captures(message: "hello, gopher", by: ana, .inbound), within: .seconds(5))
  net.expect(hello, reachesOnce: hub, within: .seconds(5))
  net.expect(.nobodyAliveReaped, .everyMessageOnce)
}
