import GossipSub
import Glibc
import SansIO
import Testing

/// A hundred routers, judged from outside: every message reaches every subscriber that stays connected, and
/// none twice.
///
/// `MESHWORK_GOSSIP_SEEDS=50` runs that many seeds of each.
@Suite struct NetworkTests {
  static let seeds: [UInt64] = {
    let count = getenv("MESHWORK_GOSSIP_SEEDS").flatMap { UInt64(String(cString: $0)) } ?? 1
    return [UInt64](1...max(1, count))
  }()

  func conclude(_ network: inout GossipNetwork, seed: UInt64, _ name: String) {
    network.run(.seconds(14))
    network.judge()
    #expect(network.problems.isEmpty, "\(name), seed \(seed): \(network.problems.prefix(5))")
    #expect(network.expectedCount > 0)
  }

  @Test(arguments: seeds) func aQuietNetwork(_ seed: UInt64) throws {
    var network = try GossipNetwork(100, degree: 8, seed: seed)
    try network.publish()  // before there is any mesh
    network.run(.seconds(3))
    for _ in 1...10 {
      try network.publish(bytes: 1200)
      network.run(.milliseconds(300))
    }
    #expect(network.meshSizes.allSatisfy { (2...12).contains($0) })
    conclude(&network, seed: seed, "quiet")
    #expect(network.expectedCount == network.messageCount * 99)
  }

  @Test(arguments: seeds) func stallsAndBreaks(_ seed: UInt64) throws {
    var network = try GossipNetwork(100, degree: 8, seed: seed)
    network.run(.seconds(2))
    for round in 1...8 {
      network.stallLinks(20, upTo: .seconds(4))
      network.breakLinks(10)
      try network.publish()
      network.run(.milliseconds(700))
      try network.publish(bytes: 2000)
      if round.isMultiple(of: 2) { network.mendLinks() }
    }
    conclude(&network, seed: seed, "stalls and breaks")
  }

  @Test(arguments: seeds) func partitionAndChurn(_ seed: UInt64) throws {
    var network = try GossipNetwork(100, degree: 8, seed: seed)
    network.run(.seconds(2))
    try network.publish()
    network.partition(at: 50)
    for _ in 1...4 {
      try network.publish()
      network.run(.milliseconds(500))
    }
    network.run(.seconds(5))
    network.mendLinks()
    network.run(.milliseconds(500))
    for _ in 1...4 {
      try network.publish()
      network.stopRandomNode()
      network.run(.milliseconds(600))
    }
    try network.restartNodes()
    for _ in 1...4 {
      try network.publish()
      network.run(.milliseconds(300))
    }
    conclude(&network, seed: seed, "partition and churn")
  }

  @Test func theSameSeedIsTheSameNetwork() throws {
    func outcome() throws -> [Counters] {
      var network = try GossipNetwork(20, degree: 6, seed: 42)
      for _ in 1...4 {
        network.stallLinks(5, upTo: .seconds(2))
        network.breakLinks(3)
        try network.publish()
        network.run(.seconds(1))
        network.mendLinks()
      }
      network.run(.seconds(3))
      return network.counters
    }
    let first = try outcome()
    #expect(try outcome() == first)
    #expect(!first.isEmpty)
  }
}
