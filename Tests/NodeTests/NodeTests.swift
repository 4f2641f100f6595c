import Identity
import NIOCore
import Node
import NodeKit
import SansIO
import Testing
import Wire

@Suite struct ConnectTests {
  let network = NodeNetwork()

  @Test func twoNodesConnectAndIdentifyEachOther() throws {
    let (alice, bob) = (network.add(), network.add())
    let request = network.on(alice) { $0.connect(to: bob.fullAddress, at: $1) }
    network.run(for: .seconds(1))
    let summary = try #require(alice.connected(request))
    #expect(summary.peer == bob.peerID)
    #expect(summary.path == .direct)
    // Round trips: TCP, security with Noise, Noise's end.
    #expect(summary.elapsed == .milliseconds(40))
    #expect(alice.identified.map(\.peer) == [bob.peerID])
    #expect(bob.identified.map(\.peer) == [alice.peerID])
    let seen = try #require(alice.identified.first)
    #expect(seen.hasSignedRecord)
    #expect(seen.addresses == [bob.address])
    #expect(seen.observedAddress == alice.address)
    #expect(seen.protocols.contains("/ipfs/ping/1.0.0"))
  }

  @Test func anAddressWithoutAPeerAcceptsWhoeverAnswers() throws {
    let (alice, bob) = (network.add(), network.add())
    let request = network.on(alice) { $0.connect(to: bob.address, at: $1) }
    network.run(for: .seconds(1))
    #expect(alice.connected(request)?.peer == bob.peerID)
  }

  @Test func aWrongPeerIsNamed() throws {
    let (alice, bob, mallory) = (network.add(), network.add(), network.add())
    let address = try mallory.address.appending(bob.peerID)
    let request = network.on(alice) { $0.connect(to: address, at: $1) }
    network.run(for: .seconds(20))
    #expect(alice.failure(request) == .wrongPeer(expected: bob.peerID, actual: mallory.peerID))
    #expect(alice.opened.isEmpty)
    #expect(mallory.opened.isEmpty)
  }

  @Test func nobodyDialsItself() {
    let alice = network.add()
    let named = network.on(alice) { $0.connect(to: alice.fullAddress, at: $1) }
    let unnamed = network.on(alice) { $0.connect(to: alice.address, at: $1) }
    network.run(for: .seconds(1))
    #expect(alice.failure(named) == .dialToSelf)
    #expect(alice.failure(unnamed) == .dialToSelf)
    #expect(alice.node.connections.isEmpty)
  }

  @Test func aRefusedDialSaysWhereAndWhy() {
    let (alice, bob) = (network.add(), network.add())
    bob.isListening = false
    let request = network.on(alice) { $0.connect(to: bob.fullAddress, at: $1) }
    network.run(for: .seconds(1))
    #expect(
      alice.failure(request)
        == .unreachable([.init(address: bob.address, reason: "connection refused")]))
  }

  @Test func aSilentAddressIsGivenUpInTime() {
    let (alice, bob) = (network.add(), network.add())
    network.blackHoles = [bob.address]
    let request = network.on(alice) { $0.connect(to: bob.fullAddress, at: $1) }
    network.run(for: .seconds(60))
    #expect(
      alice.failure(request)
        == .unreachable([.init(address: bob.address, reason: "no answer in time")]))
    #expect(alice.answeredAt[request] == .zero + .seconds(30))
  }

  @Test func requestsForOnePeerShareOneDial() {
    let (alice, bob) = (network.add(), network.add())
    let requests = (0..<10).map { _ in network.on(alice) { $0.connect(to: bob.fullAddress, at: $1) } }
    network.run(for: .seconds(1))
    #expect(network.dials.count == 1)
    #expect(requests.allSatisfy { alice.connected($0)?.peer == bob.peerID })
    #expect(requests.allSatisfy { alice.answerCounts[$0] == 1 })
  }

  @Test func bothDiallingAtOnceEndWithOneConnection() {
    let (alice, bob) = (network.add(), network.add())
    let one = network.on(alice) { $0.connect(to: bob.fullAddress, at: $1) }
    let other = network.on(bob) { $0.connect(to: alice.fullAddress, at: $1) }
    network.run(for: .seconds(60))
    #expect(alice.connected(one) != nil)
    #expect(bob.connected(other) != nil)
    #expect(alice.node.connections.count == 1)
    #expect(bob.node.connections.count == 1)
  }

  @Test func disconnectingClosesBothEnds() {
    let (alice, bob) = (network.add(), network.add())
    _ = network.on(alice) { $0.connect(to: bob.fullAddress, at: $1) }
    network.run(for: .seconds(1))
    let request = network.on(alice) { $0.disconnect(bob.peerID, at: $1) }
    network.run(for: .seconds(1))
    guard case .disconnected = alice.answers[request] else { Issue.record("no answer"); return }
    #expect(alice.node.peers.isEmpty)
    #expect(bob.node.peers.isEmpty)
    #expect(bob.closedReasons == ["the peer said goodbye"])
  }
}

@Suite struct StreamTests {
  let network = NodeNetwork()

  private func connectedPair(
    _ configure: (inout Node.Configuration) -> Void = { _ in }
  ) -> (NodeNetwork.Host, NodeNetwork.Host) {
    let (alice, bob) = (network.add(configure), network.add(configure))
    _ = network.on(alice) { $0.connect(to: bob.fullAddress, at: $1) }
    network.run(for: .seconds(1))
    return (alice, bob)
  }

  @Test func pingsMeasureTheRoundTrip() {
    let (alice, bob) = connectedPair()
    let request = network.on(alice) { $0.ping(bob.peerID, count: 3, at: $1) }
    network.run(for: .seconds(1))
    guard case .pinged(let roundTrips) = alice.answers[request] else { Issue.record("no answer"); return }
    #expect(roundTrips == [.milliseconds(20), .milliseconds(20), .milliseconds(20)])
  }

  @Test func aPingToAnUnknownPeerFailsAtOnce() {
    let (alice, bob) = (network.add(), network.add())
    let request = network.on(alice) { $0.ping(bob.peerID, count: 1, at: $1) }
    #expect(alice.failure(request) == .notConnected(bob.peerID))
  }

  @Test func aPingReconnectsToAPeerThatIsKnown() {
    let (alice, bob) = connectedPair()
    network.breakConnections(of: alice)
    network.run(for: .seconds(1))
    let request = network.on(alice) { $0.ping(bob.peerID, count: 1, at: $1) }
    network.run(for: .seconds(5))
    guard case .pinged = alice.answers[request] else { Issue.record("\(alice.answers)"); return }
  }

  @Test func aLostConnectionAnswersWhatWasWaiting() {
    let (alice, bob) = connectedPair()
    let request = network.on(alice) { $0.ping(bob.peerID, count: 1000, at: $1) }
    network.run(for: .milliseconds(100))
    network.breakConnections(of: bob)
    network.run(for: .seconds(1))
    #expect(alice.failure(request) == .connectionLost("reset"))
    #expect(alice.answerCounts[request] == 1)
  }

  @Test func perfMovesExactlyTheBytesAsked() {
    let (alice, bob) = connectedPair { $0.servesPerf = true }
    let request = network.on(alice) { $0.perf(bob.peerID, upload: 3_000_000, download: 2_000_001, at: $1) }
    network.run(for: .seconds(30))
    guard case .measured(let summary) = alice.answers[request] else {
      Issue.record("\(alice.answers)"); return
    }
    #expect(summary.uploadedBytes == 3_000_000)
    #expect(summary.downloadedBytes == 2_000_001)
    #expect(summary.protocolName == "/perf/1.0.0")
  }

  @Test func perfIsNotServedUnasked() {
    let (alice, bob) = connectedPair()
    let request = network.on(alice) { $0.perf(bob.peerID, upload: 1, download: 1, at: $1) }
    network.run(for: .seconds(5))
    #expect(alice.failure(request) == .unsupportedProtocol(["/perf/1.0.0", "/gopeer/bench/1"]))
  }

  @Test func applicationStreamsCarryBytesBothWays() throws {
    let (alice, bob) = connectedPair()
    network.on(bob) { node, _ in node.handle("/app/1") }
    let request = network.on(alice) {
      $0.openStream(to: bob.peerID, protocols: ["/app/2", "/app/1"], at: $1)
    }
    network.run(for: .seconds(1))
    let near = try #require(alice.stream(request))
    let far = try #require(bob.openedStreams.first)
    try network.on(alice) { try $0.write(ByteBuffer(string: "hello"), to: near, at: $1) }
    try network.on(bob) { try $0.write(ByteBuffer(string: "world"), to: far, at: $1) }
    network.on(alice) { $0.finish(near, at: $1) }
    network.on(bob) { $0.finish(far, at: $1) }
    network.run(for: .seconds(1))
    #expect(bob.streams[far] == Array("hello".utf8))
    #expect(alice.streams[near] == Array("world".utf8))
    #expect(alice.closedStreams == [near])
    #expect(bob.closedStreams == [far])
  }

  @Test func aReaderThatDoesNotReadStopsTheWriter() throws {
    let (alice, bob) = connectedPair()
    bob.consumes = false
    network.on(bob) { node, _ in node.handle("/app/1") }
    let request = network.on(alice) { $0.openStream(to: bob.peerID, protocols: ["/app/1"], at: $1) }
    network.run(for: .seconds(1))
    let stream = try #require(alice.stream(request))
    let chunk = ByteBuffer(repeating: 7, count: 64 * 1024)
    var written = 0
    while written < 64 << 20 {
      do throws(NodeError) {
        try network.on(alice) { node, now throws(NodeError) in try node.write(chunk, to: stream, at: now) }
        written += chunk.readableBytes
        network.run(for: .milliseconds(50))
      } catch {
        #expect(error == .sendBufferFull)
        break
      }
    }
    #expect(written < 2 << 20)
    #expect(bob.streams.values.map(\.count).reduce(0, +) <= 256 * 1024)
  }

  @Test func streamsBeyondTheLimitAreRefused() {
    let (alice, bob) = connectedPair { $0.limits.streamsPerConnectionMax = 10 }
    network.on(bob) { node, _ in node.handle("/app/1") }
    network.run(for: .seconds(1))
    let requests = (0..<20).map { _ in
      network.on(alice) { $0.openStream(to: bob.peerID, protocols: ["/app/1"], at: $1) }
    }
    network.run(for: .seconds(2))
    let opened = requests.filter { alice.stream($0) != nil }.count
    #expect(opened == 10)
    #expect(requests.allSatisfy { alice.answerCounts[$0] == 1 })
  }

  @Test func newProtocolsArePushed() throws {
    let (alice, bob) = connectedPair()
    network.on(bob) { node, _ in node.handle("/app/7") }
    network.run(for: .seconds(1))
    let latest = try #require(alice.identified.last)
    #expect(alice.identified.count == 2)
    #expect(latest.protocols.contains("/app/7"))
  }

  @Test func shutdownAnswersEverythingAndSaysGoodbye() {
    let (alice, bob) = connectedPair()
    let request = network.on(alice) { $0.ping(bob.peerID, count: 1000, at: $1) }
    network.run(for: .milliseconds(100))
    network.on(alice) { $0.shutdown(at: $1) }
    network.run(for: .seconds(5))
    #expect(alice.failure(request) == .shuttingDown)
    #expect(alice.hasStopped)
    #expect(bob.closedReasons == ["the peer said goodbye"])
    let late = network.on(alice) { $0.ping(bob.peerID, count: 1, at: $1) }
    #expect(alice.failure(late) == .shuttingDown)
  }
}
