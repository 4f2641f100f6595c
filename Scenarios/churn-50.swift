// Fifty nodes join, leave and crash at random; who stays knows who stays, and nobody else.
import Scenario

scenario { net in
  let hubs = (1...3).map { net.node("hub\($0)") }
  let nodes = (1...47).map { number in
    let nat = net.random.pick([NAT.homeRouter, .fullCone, .symmetric, .carrierGrade])
    let link = net.random.pick([Link.fibre, .dsl, .wifi])
    let known = net.random.pick(2, of: hubs)
    return net.node("n\(number)", behind: nat, link: link, knows: known[0], known[1])
  }
  net.tolerates(lateness: .milliseconds(50))
  net.doesNotCapture(Array(nodes.dropFirst(5)))

  net.start(hubs)
  net.repeat(9, every: .seconds(1)) { round in
    net.start(Array(nodes.dropFirst((round - 1) * 5).prefix(5)))
  }
  net.start(Array(nodes.suffix(2)))
  net.wait(until: everyone(hubs + nodes), within: .seconds(60))

  var staying = nodes
  net.repeat(10, every: .seconds(3)) { _ in
    let one = net.random.pick(staying)
    staying.removeAll { $0 === one }
    if net.random.chance(percent: 50) { one.crash() } else { one.stop() }
  }
  net.wait(.seconds(65))
  let gone = nodes.filter { node in !staying.contains { $0 === node } }
  net.wait(until: everyone(hubs + staying), within: .seconds(30))
  for one in gone {
    net.expect(that: "the first hub does not see \(one.name)", always: !hubs[0].sees(one), for: .seconds(5))
  }
  net.expect(.nobodyAliveReaped)
}
