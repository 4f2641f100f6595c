// A closed laptop: suspended for 90 seconds it is reaped by the others, but wakes without reaping them.
import Scenario

scenario { net in
  let hub = net.node("hub")
  let ana = net.node("ana", behind: .homeRouter, knows: hub)
  let laptop = net.node("laptop", behind: .homeRouter, link: .wifi, knows: hub)

  net.start(hub, ana, laptop)
  net.wait(until: everyone(hub, ana, laptop), within: .seconds(20))

  let closed = laptop.pause()
  net.expect(hub.reaps(laptop), ana.reaps(laptop), in: .seconds(30)...(.seconds(60)), after: closed)
  net.wait(.seconds(90))

  let opened = laptop.resume()
  net.expect(
    that: "who slept does not blame the others", never: laptop.reaps(hub), laptop.reaps(ana), after: opened)
  net.expect(
    that: "the laptop is back", hub.sees(laptop), ana.sees(laptop), within: .seconds(45), after: opened)
  net.wait(until: everyone(hub, ana, laptop), within: .seconds(60))
  net.expect(.presence, .nobodyAliveReaped)
}
