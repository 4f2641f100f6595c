// The network falls in two for 80 seconds: each half forgets the other, and finds it again without help.
import Scenario

scenario { net in
  let east = net.node("east", region: .asia)
  let west = net.node("west", region: .america, knows: east)
  let ana = net.node("ana", behind: .homeRouter, knows: east, west)
  let ben = net.node("ben", behind: .homeRouter, knows: west, east)
  let all = [east, west, ana, ben]

  net.start(all)
  net.wait(until: everyone(all), within: .seconds(20))

  let split = net.partition([east, ana], [west, ben])
  let torn = net.now
  net.expect(ana.reaps(ben), west.reaps(east), in: .seconds(30)...(.seconds(60)), after: torn)
  net.expect(that: "each half keeps together", never: east.reaps(ana), ana.reaps(east), west.reaps(ben))
  net.wait(.seconds(80))

  let healed = split.heal()
  net.wait(until: everyone(all), within: .seconds(90))
  let hello = ana.send("can you hear us again?")
  net.expect(that: "chat crosses again", hello, reachesOnce: east, west, ben, within: .seconds(5))
  net.expect(that: "nobody is lost again", never: ana.reaps(ben), west.reaps(east), after: healed)
  net.expect(.presence, .nobodyAliveReaped)
}
