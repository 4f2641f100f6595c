// The only relay of a hundred nodes is gone for ten seconds: all come back, spread out, and nobody flaps.
import Scenario

scenario(.long) { net in
  let relay = net.relay("relay")
  let nodes = (1...100).map { number in
    net.node(
      "n\(number)", behind: net.random.pick([.homeRouter, .symmetric, .carrierGrade]), relays: [relay])
  }
  net.tolerates(lateness: .milliseconds(50))
  net.doesNotCapture(Array(nodes.dropFirst(3)))

  relay.start()
  net.repeat(10, every: .seconds(1)) { round in
    net.start(Array(nodes.dropFirst((round - 1) * 10).prefix(10)))
  }
  net.wait(until: everyone(nodes), within: .seconds(60))

  relay.crash()
  net.wait(.seconds(10))
  let back = relay.start()
  for node in nodes { net.expect(node.isReserved(at: relay), within: .seconds(30), after: back) }
  net.expect(
    that: "no stampede", relay.captures(.tcp, .inbound, tcp: .syn), times: 0...50, within: .seconds(1),
    after: back)
  net.wait(.seconds(60))
  net.expect(.noPresenceFlap)
  let hello = nodes[0].send("is everybody back?")
  net.expect(that: "everybody is back", hello, reachesOnce: Array(nodes.dropFirst()), within: .seconds(10))
}
