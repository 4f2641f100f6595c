// No internet, no server, nobody told whom to dial: three nodes of one LAN find each other by mDNS.
import Scenario

scenario { net in
  let cabin = net.lan("cabin")
  let ana = net.node("ana", in: cabin, link: .wifi, addresses: .both)
  let ben = net.node("ben", in: cabin, link: .wifi, addresses: .both)
  let cleo = net.node("cleo", in: cabin, link: .ethernet, addresses: .ipv6)

  net.start(ana, ben, cleo)
  net.wait(until: everyone(ana, ben, cleo), within: .seconds(20))
  net.expect(
    that: "found by multicast", ana.captures(.udp, .inbound, port: 5353), within: .seconds(5),
    after: .beginning)
  net.expect(.direct, between: ana, and: ben)

  let note = ana.send("the kettle is on", to: ben)
  net.expect(that: "a direct message arrives", note, reachesOnce: ben, within: .seconds(2))
  net.wait(.seconds(32))
  net.expect(.presence, .nobodyAliveReaped, .everyMessageOnce)
}
