// Three people behind different NATs meet at a relay that everyone can reach, chat, and go direct where they can.
import Scenario

scenario { net in
  let relay = net.relay("relay", region: .europe)
  let ana = net.node("ana", behind: .homeRouter, link: .fibre, region: .europe, relays: [relay])
  let ben = net.node("ben", behind: .carrierGrade, link: .mobile4G, region: .america, relays: [relay])
  let cleo = net.node("cleo", behind: .hotel, link: .wifi, region: .asia, relays: [relay])
  let all = [ana, ben, cleo]

  relay.start()
  net.start(all)
  net.expect(
    that: "reserved", ana.isReserved(at: relay), ben.isReserved(at: relay), cleo.isReserved(at: relay),
    within: .seconds(10))
  net.wait(until: everyone(all), within: .seconds(20))

  let hello = ana.send("hello from behind a home router")
  let answer = ben.send("hello from a train")
  net.expect(that: "the hello arrives", hello, reachesOnce: ben, cleo, within: .seconds(5))
  net.expect(that: "the answer arrives", answer, reachesOnce: ana, cleo, within: .seconds(5))

  net.expect(
    that: "direct where it can be", ana.capturesChannel(.direct, with: ben),
    ben.capturesChannel(.direct, with: ana),
    within: .seconds(40), after: .beginning)
  net.expect(
    that: "and not where it cannot", never: ana.isConnected(to: cleo, .direct), after: .beginning)

  net.wait(.seconds(42))
  net.expect(.presence, .nobodyAliveReaped, .everyMessageOnce)
}
