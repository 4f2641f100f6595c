// A hundred nodes come up, each meshed with the hub so that both hear the other, and go again.
import Scenario

scenario { net in
  let hub = net.node("hub")
  let others = (1...99).map { net.node("n\($0)", knows: hub) }
  net.doesNotCapture([hub] + others)
  // A hundred starts and handshakes at once take both cores.
  net.tolerates(lateness: .milliseconds(100))

  net.start([hub] + others)
  let meshed = others.reduce(hub.sees(others)) { $0 && $1.sees(hub) }
  net.wait(until: meshed, within: .seconds(60))
  net.expect(that: "the hub and the others know each other", meshed, within: .seconds(60))
}
