import Identity
import NIOCore
import NodeKit
@testable import Node
import SansIO
import Testing
import Wire

/// Which connections and streams stay when nobody uses them, and which come back.
@Suite struct HousekeepingTests {
  let network = NodeNetwork()

  @Test func pingsThatKeepAConnectionAliveDoNotKeepItFromBeingIdle() {
    let (alice, bob) = (network.add(), network.add())
    _ = network.on(alice) { $0.connect(to: bob.fullAddress, at: $1) }
    network.run(for: .seconds(590))
    #expect(alice.node.connections.count == 1)
    network.run(for: .seconds(60))
    #expect((alice.closedReasons + bob.closedReasons).contains("idle"))
  }

  @Test func aConnectionThatTookLongToUpgradeIsIdleInTheEndToo() {
    network.latency = .milliseconds(1500)
    let (alice, bob) = (network.add(), network.add())
    _ = network.on(alice) { $0.connect(to: bob.fullAddress, at: $1) }
    network.run(for: .seconds(30))
    #expect(alice.node.connections.count == 1)
    network.run(for: .seconds(1300))
    #expect(alice.node.connections.isEmpty && bob.node.connections.isEmpty)
  }

  @Test func aStreamInUseKeepsItsConnection() throws {
    let (alice, bob) = (network.add(), network.add())
    network.on(bob) { node, _ in node.handle("/app/1") }
    _ = network.on(alice) { $0.connect(to: bob.fullAddress, at: $1) }
    network.run(for: .seconds(1))
    let request = network.on(alice) { $0.openStream(to: bob.peerID, protocols: ["/app/1"], at: $1) }
    network.run(for: .seconds(2000))
    let stream = try #require(alice.stream(request))
    #expect(alice.node.connections.count == 1)
    network.on(alice) { $0.reset(stream, code: 0, at: $1) }
    network.run(for: .seconds(1300))
    #expect(alice.node.connections.isEmpty)
  }

  @Test func bootstrapPeersAreKept() {
    let hub = network.add()
    let spoke = network.add { $0.bootstrap = [hub.fullAddress] }
    // The hub's own idle limit is another matter.
    network.run(for: .seconds(590))
    #expect(spoke.node.connections.count == 1)
    network.run(for: .seconds(7200))
    #expect(!spoke.closedReasons.contains("idle"))
    #expect(spoke.node.connections.count == 1)
  }

  @Test func aBootstrapPeerThatWasAwayForHoursComesBack() {
    let hub = network.add()
    let spoke = network.add { $0.bootstrap = [hub.fullAddress] }
    network.run(for: .seconds(10))
    #expect(spoke.node.connections.count == 1)
    hub.isListening = false
    network.breakConnections(of: hub)
    network.run(for: .seconds(3 * 3600))
    #expect(spoke.node.connections.isEmpty)
    hub.isListening = true
    network.run(for: .seconds(600))
    #expect(spoke.node.connections.count == 1)
  }

  @Test func bytesTheApplicationLeavesUnreadCountAsMemory() throws {
    let hub = network.add { $0.limits.bufferedBytesMax = 100_000 }
    let spoke = network.add()
    hub.consumes = false
    network.on(hub) { node, _ in node.handle("/app/1") }
    _ = network.on(spoke) { $0.connect(to: hub.fullAddress, at: $1) }
    network.run(for: .seconds(1))
    let request = network.on(spoke) { $0.openStream(to: hub.peerID, protocols: ["/app/1"], at: $1) }
    network.run(for: .seconds(1))
    let stream = try #require(spoke.stream(request))
    try network.on(spoke) { node, now throws(NodeError) in
      try node.write(ByteBuffer(repeating: 1, count: 150_000), to: stream, at: now)
    }
    network.run(for: .seconds(1))
    #expect(hub.node.counters.connectionsOverMemory == 1)
    #expect(hub.node.bufferedBytes == 0)
  }

  @Test func aPeerThatNeverEndsItsHalfOfAPingDoesNotKeepTheStream() throws {
    let (alice, bob) = (network.add(), network.add())
    // An application that answers pings and leaves their streams open.
    network.on(bob) { node, _ in node.handle("/ipfs/ping/1.0.0") }
    _ = network.on(alice) { $0.connect(to: bob.fullAddress, at: $1) }
    network.run(for: .seconds(1))
    let request = network.on(alice) { $0.ping(bob.peerID, count: 1, at: $1) }
    network.run(for: .seconds(1))
    let stream = try #require(bob.openedStreams.first)
    let echo = try #require(bob.streams[stream])
    try network.on(bob) { node, now throws(NodeError) in
      try node.write(ByteBuffer(bytes: echo), to: stream, at: now)
    }
    network.run(for: .seconds(5))
    #expect(alice.answerCounts[request] == 1)
    #expect(alice.node.streamCount == 1)
    network.run(for: .seconds(60))
    #expect(alice.node.streamCount == 0)
    #expect(bob.closedStreams == [stream])
    #expect(alice.answerCounts[request] == 1)
  }
}
