// Ben leaves his Wi-Fi in the middle of a talk and goes on over the mobile network, within seconds.
import Scenario

scenario { net in
  let relays = [net.relay("one", region: .europe), net.relay("two", region: .europe)]
  let home = net.lan("home", behind: .homeRouter, link: .fibre, region: .europe)
  let mobile = net.lan("mobile", behind: .carrierGrade, region: .europe)
  let ana = net.node("ana", behind: .homeRouter, link: .fibre, region: .europe, relays: relays)
  let ben = net.node("ben", in: home, link: .wifi, relays: relays)

  net.start(relays)
  net.start(ana, ben)
  net.wait(until: everyone(ana, ben), within: .seconds(20))
  let talk = ana.stream("talk", to: ben, every: .milliseconds(250))
  let room = ben.stream("room", every: .milliseconds(700))
  net.wait(.seconds(10))

  let outside = ben.move(to: mobile, link: .mobile4G)
  net.expect(that: "ben hears again", talk, resumesAt: ben, within: .seconds(10), after: outside)
  net.expect(that: "ben is heard again", room, resumesAt: ana, within: .seconds(10), after: outside)
  net.wait(.seconds(40))
  let back = ben.move(to: home, link: .wifi)
  net.expect(that: "ben hears at home", talk, resumesAt: ben, within: .seconds(10), after: back)
  net.expect(that: "ben is heard at home", room, resumesAt: ana, within: .seconds(10), after: back)
  net.wait(.seconds(20))

  talk.end()
  room.end()
  net.expect(that: "not a word to ben is lost", talk, reachesOnce: [ben], within: .seconds(20))
  net.expect(that: "not a word of ben is lost", room, reachesOnce: [ana], within: .seconds(20))
  net.expect(that: "nobody flaps", noneOfflineAmong: [ana, ben])
}
