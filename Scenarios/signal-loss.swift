// Dead for 25 seconds is a tunnel, and nobody is reaped; dead for 75 is gone, and then back.
import Scenario

scenario { net in
  let hub = net.node("hub")
  let ana = net.node("ana", behind: .homeRouter, knows: hub)
  let ben = net.node("ben", behind: .homeRouter, link: .mobile4G, knows: hub)

  net.start(hub, ana, ben)
  net.wait(until: everyone(hub, ana, ben), within: .seconds(20))

  let tunnel = ben.loseSignal()
  net.wait(.seconds(25))
  ben.regainSignal()
  net.wait(.seconds(35))
  net.expect(
    that: "25 s are forgiven", never: hub.reaps(ben), ana.reaps(ben), ben.reaps(ana), from: tunnel,
    until: net.now)

  let valley = ben.loseSignal()
  net.wait(.seconds(75))
  net.expect(
    that: "75 s are not", hub.reaps(ben), ana.reaps(ben), in: .seconds(30)...(.seconds(60)), after: valley)

  let back = ben.regainSignal()
  net.expect(
    that: "ben is back", hub.sees(ben), ana.sees(ben), ben.sees(ana), within: .seconds(45), after: back)
  net.wait(until: everyone(hub, ana, ben), within: .seconds(60))
  net.expect(.presence, .nobodyAliveReaped)
}
