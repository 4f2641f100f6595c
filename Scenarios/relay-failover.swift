// Relays die, fall silent and leave under load: each time another takes over, and nothing is lost.
import Scenario

scenario { net in
  let (one, two) = (net.relay("one", region: .europe), net.relay("two", region: .america))
  let ana = net.node("ana", behind: .homeRouter, region: .europe, relays: [one, two])
  let ben = net.node("ben", behind: .symmetric, region: .europe, relays: [one, two])
  let cleo = net.node("cleo", behind: .symmetric, region: .europe, relays: [one, two])
  let all = [ana, ben, cleo]

  // The second relay comes later, so that whoever talks does so through the first.
  one.start()
  net.start(all)
  net.wait(until: everyone(all), within: .seconds(20))
  let room = cleo.stream("room", every: .milliseconds(700))
  let talk = ana.stream("talk", to: ben, every: .milliseconds(200))
  net.wait(.seconds(5))
  two.start()
  net.wait(
    until: ana.isReserved(at: two), ben.isReserved(at: two), cleo.isReserved(at: two), within: .seconds(90))
  net.wait(.seconds(5))

  let crash = one.crash()
  net.expect(that: "killed: the room goes on", room, resumesAt: ana, ben, within: .seconds(3), after: crash)
  net.expect(that: "killed: the talk goes on", talk, resumesAt: ben, within: .seconds(3), after: crash)
  net.wait(.seconds(20))
  one.start()
  net.wait(
    until: ana.isReserved(at: one), ben.isReserved(at: one), cleo.isReserved(at: one), within: .seconds(90))
  net.wait(.seconds(5))

  let silence = two.loseSignal()
  net.expect(
    that: "silent: the room goes on", room, resumesAt: ana, ben, within: .seconds(12), after: silence)
  net.expect(that: "silent: the talk goes on", talk, resumesAt: ben, within: .seconds(12), after: silence)
  net.wait(.seconds(30))
  two.regainSignal()
  net.wait(
    until: ana.isReserved(at: two), ben.isReserved(at: two), cleo.isReserved(at: two), within: .seconds(120))
  net.wait(.seconds(5))

  let farewell = one.stop()
  net.expect(that: "gone: the room goes on", room, resumesAt: ana, ben, within: .seconds(3), after: farewell)
  net.expect(that: "gone: the talk goes on", talk, resumesAt: ben, within: .seconds(3), after: farewell)
  net.wait(.seconds(10))

  room.end()
  talk.end()
  net.expect(that: "the room is whole", room, reachesOnce: [ana, ben], within: .seconds(10))
  net.expect(that: "the talk is whole", talk, reachesOnce: [ben], within: .seconds(10))
  net.expect(.noPresenceFlap)
}
