import Node

// A node with an established connection to a hostile peer, and an application that does anything.
extension FuzzTarget {
  static let node = [
    FuzzTarget("node-inbound", seeds: [Seed("stream", [0, 0, 0, 2, 0, 0, 2, 1, 2, 0, 6, 7, 8, 9, 10])]) {
      input in
      NodeRig(input, .inbound).run()
    },
    FuzzTarget("node-outbound", seeds: [Seed("stream", [0, 0, 0, 2, 0, 0, 2, 1, 2, 0, 6, 7, 8, 9, 10])]) {
      input in
      NodeRig(input, .outbound).run()
    },
  ]
}
