// A home and a hotel with no direct path between them: two people meet and chat through a relay.
import Scenario

scenario { net in
  let relay = net.relay("relay", region: .europe)
  let ana = net.node("ana", behind: .homeRouter, link: .fibre, region: .europe, relays: [relay])
  let ben = net.node("ben", behind: .hotel, link: .wifi, region: .america, relays: [relay])

  relay.start()
  net.start(ana, ben)
  net.expect(
    that: "reserved in two round trips", ana.capturesReservation(at: relay, roundTrips: 2),
    ben.capturesReservation(at: relay, roundTrips: 2), within: .seconds(10), after: .beginning)
  net.wait(until: everyone(ana, ben), within: .seconds(20))

  let room = ana.send("hello from home")
  let answer = ben.send("hello from the hotel")
  let secret = ben.send("for you alone", to: ana)
  net.expect(that: "the hello arrives", room, reachesOnce: ben, within: .seconds(5))
  net.expect(that: "the answer arrives", answer, reachesOnce: ana, within: .seconds(5))
  net.expect(that: "a direct message arrives", secret, reachesOnce: ana, within: .seconds(5))

  net.wait(.seconds(32))
  net.expect(.relayed, between: ana, and: ben, after: .beginning)
  net.expect(that: "the relay is no chat peer", never: ana.sees(relay), ben.sees(relay), after: .beginning)
  net.expect(.presence, .nobodyAliveReaped, .everyMessageOnce)
}
