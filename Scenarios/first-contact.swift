// Three nodes behind different NATs meet at a hub everyone can reach, and chat.
import Scenario

scenario { net in
  let hub = net.node("hub", region: .europe)
  let ana = net.node("ana", behind: .homeRouter, link: .fibre, region: .europe, knows: hub)
  let ben = net.node("ben", behind: .carrierGrade, link: .mobile4G, region: .america, knows: hub)
  let cleo = net.node("cleo", behind: .hotel, link: .wifi, region: .asia, knows: hub)
  let all = [hub, ana, ben, cleo]

  net.start(all)
  net.wait(until: everyone(all), within: .seconds(20))

  let hello = ana.send("hello from behind a home router")
  let answer = ben.send("hello from a train")
  net.expect(that: "the hello arrives", hello, reachesOnce: hub, ben, cleo, within: .seconds(5))
  net.expect(that: "the answer arrives", answer, reachesOnce: hub, ana, cleo, within: .seconds(5))

  net.wait(.seconds(32))
  net.expect(.presence, .nobodyAliveReaped, .everyMessageOnce)
}
