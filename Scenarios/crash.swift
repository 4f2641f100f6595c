// A node is killed: the others show it offline 30 to 60 seconds later, and nobody else.
import Scenario

scenario { net in
  let hub = net.node("hub")
  let ana = net.node("ana", behind: .homeRouter, knows: hub)
  let ben = net.node("ben", behind: .homeRouter, knows: hub)

  net.start(hub, ana, ben)
  net.wait(until: everyone(hub, ana, ben), within: .seconds(20))

  let crash = ben.crash()
  net.expect(hub.reaps(ben), ana.reaps(ben), in: .seconds(30)...(.seconds(60)), after: crash)
  net.expect(never: hub.reaps(ana), ana.reaps(hub))
  net.wait(.seconds(62))

  let back = ben.start()
  net.expect(that: "ben is back", hub.sees(ben), ana.sees(ben), within: .seconds(5), after: back)
  net.wait(until: everyone(hub, ana, ben), within: .seconds(20))
  net.expect(.presence, .nobodyAliveReaped)
}
