// A hundred nodes come up, each connected, subscribed and heard, and go again.
import Scenario

scenario { net in
  let hub = net.node("hub")
  let others = (1...99).map { net.node("n\($0)", knows: hub) }
  net.doesNotCapture([hub] + others)
  // A hundred starts and handshakes at once take both cores.
  net.tolerates(lateness: .milliseconds(100))

  net.start([hub] + others)
  // A node speaks when it knows that somebody it is connected with listens, so that the hub hears it means:
  // both are connected and subscribed, and messages pass.
  net.wait(until: hub.sees(others), within: .seconds(60))
  net.expect(that: "the hub hears each of them", hub.sees(others), within: .milliseconds(1))
}
