import Identity
import NIOCore
import NodeKit
@testable import Node
import SansIO
import Testing
import Wire

/// What a node takes on, and what it refuses and counts.
@Suite struct LimitTests {
  private func makeNode(_ configure: (inout Node.Configuration) -> Void = { _ in }) throws -> Node {
    var configuration = Node.Configuration()
    configure(&configuration)
    return Node(
      identity: try KeyPair(seed: [UInt8](repeating: 1, count: 32)), configuration: configuration,
      entropy: [UInt8](repeating: 2, count: 32), wallClockMs: 1, now: .zero)
  }

  private let local = Multiaddr.tcp(.v4(IPv4Address(rawValue: 0x2D0A_0001)), port: 4001)

  private func stranger(_ host: UInt32, port: UInt16 = 50000) -> Multiaddr {
    .tcp(.v4(IPv4Address(rawValue: 0x2D0B_0000 + host)), port: port)
  }

  @Test func oneAddressGetsEightConnections() throws {
    let node = try makeNode()
    let accepted = (0..<20).filter { index in
      node.accepted(local: local, remote: stranger(1, port: 50000 + UInt16(index)), at: .zero) != nil
    }
    #expect(accepted.count == 8)
    #expect(node.counters.refusedAddressLimit == 12)
    let other = node.accepted(local: local, remote: stranger(2), at: .zero)
    #expect(other != nil)
  }

  @Test func tenThousandAttemptsFromOneAddressStayWithinTheRate() throws {
    let node = try makeNode()
    var accepted = 0
    var now = Instant.zero
    for index in 0..<10_000 {
      now += .milliseconds(1)
      let remote = stranger(1, port: UInt16(20_000 + index % 40_000))
      guard let id = node.accepted(local: local, remote: remote, at: now) else { continue }
      accepted += 1
      node.transportClosed(id, reason: "closed", at: now)
    }
    // Ten seconds: a burst of 16, then one every five seconds.
    #expect(accepted <= 18)
    #expect(node.counters.refusedAddressRate >= 9_980)
    #expect(node.entries.isEmpty)
  }

  @Test func loopbackIsNotLimitedByAddress() throws {
    let node = try makeNode()
    let home = Multiaddr.tcp(.v4(.loopback), port: 5000)
    for _ in 0..<100 {
      let id = node.accepted(local: local, remote: home, at: .zero)
      #expect(id != nil)
    }
  }

  @Test func handshakesInFlightAreBounded() throws {
    let node = try makeNode {
      $0.limits.handshakesMax = 8
      $0.limits.handshakesReserved = 3
    }
    var ids: [ConnectionID] = []
    for host in 0..<10 {
      if let id = node.accepted(local: local, remote: stranger(UInt32(host)), at: .zero) { ids.append(id) }
    }
    #expect(ids.count == 5)
    #expect(node.counters.refusedHandshakeLimit == 5)
    // Slow handshakes give their places back when their time is up.
    node.advance(to: .zero + .seconds(15))
    #expect(node.counters.upgradeTimeouts == 5)
    for id in ids { node.transportClosed(id, reason: "closed", at: .zero + .seconds(15)) }
    let next = node.accepted(local: local, remote: stranger(99), at: .zero + .seconds(15))
    #expect(next != nil)
  }

  @Test func strangersHandshakesLeaveRoomForOurDials() throws {
    let node = try makeNode {
      $0.limits.handshakesMax = 8
      $0.limits.handshakesReserved = 3
    }
    for host in 0..<10 { _ = node.accepted(local: local, remote: stranger(UInt32(host)), at: .zero) }
    var dialed = 0
    for host in 0..<10 {
      _ = node.connect(to: stranger(UInt32(100 + host)), at: .zero)
      while let output = node.nextOutput() {
        guard case .dial(let id, let address, _) = output else { continue }
        dialed += node.dialed(id, local: local, remote: address, at: .zero) == nil ? 0 : 1
      }
    }
    #expect(dialed == 3)
  }

  @Test func rememberedAddressesAreBounded() throws {
    let node = try makeNode { $0.limits.addressGroupsMax = 100 }
    for host in 0..<5_000 {
      if let id = node.accepted(local: local, remote: stranger(UInt32(host)), at: .zero) {
        node.transportClosed(id, reason: "closed", at: .zero)
      }
    }
    #expect(node.admission.groupCount <= 101)
  }

  @Test func theLeastUsefulConnectionsAreTrimmed() {
    let network = NodeNetwork()
    let hub = network.add {
      $0.limits.connectionsHighWater = 10
      $0.limits.connectionsLowWater = 6
      $0.timeouts.trimGrace = .zero
    }
    let spokes = (0..<11).map { _ in network.add() }
    for spoke in spokes {
      _ = network.on(spoke) { $0.connect(to: hub.fullAddress, at: $1) }
      network.run(for: .seconds(1))
    }
    #expect(hub.node.connections.count == 6)
    #expect(hub.node.counters.connectionsTrimmed == 5)
    // The oldest unused went first.
    #expect(spokes.prefix(5).allSatisfy { $0.node.peers.isEmpty })
  }

  @Test func oneMemberDoesNotGetAllConnectionsOfAPeer() {
    let network = NodeNetwork()
    let hub = network.add { $0.limits.connectionsPerPeerMax = 2 }
    let spoke = network.add()
    for _ in 0..<5 {
      // Without a name the spoke dials again although it is connected.
      _ = network.on(spoke) { $0.connect(to: hub.address, at: $1) }
    }
    network.run(for: .seconds(1))
    #expect(hub.node.connections.count <= 2)
  }

  @Test func idleConnectionsAreClosed() {
    let network = NodeNetwork()
    let (alice, bob) = (network.add { $0.timeouts.idle = .seconds(30) }, network.add())
    _ = network.on(alice) { $0.connect(to: bob.fullAddress, at: $1) }
    network.run(for: .seconds(20))
    #expect(alice.node.connections.count == 1)
    network.run(for: .seconds(120))
    #expect(alice.node.connections.isEmpty)
    #expect(alice.closedReasons == ["idle"])
  }

  @Test func theConnectionThatHoldsMostGoesWhenMemoryIsShort() throws {
    let network = NodeNetwork()
    let hub = network.add { $0.limits.bufferedBytesMax = 100_000 }
    let (quiet, deaf) = (network.add(), network.add())
    deaf.consumes = false
    for spoke in [quiet, deaf] {
      network.on(spoke) { node, _ in node.handle("/app/1") }
      _ = network.on(hub) { $0.connect(to: spoke.fullAddress, at: $1) }
    }
    network.run(for: .seconds(1))
    let request = network.on(hub) { $0.openStream(to: deaf.peerID, protocols: ["/app/1"], at: $1) }
    network.run(for: .seconds(1))
    let stream = try #require(hub.stream(request))
    for _ in 0..<40 {
      _ = try? network.on(hub) { node, now throws(NodeError) in
        try node.write(ByteBuffer(repeating: 1, count: 50_000), to: stream, at: now)
      }
      network.run(for: .milliseconds(100))
    }
    #expect(hub.node.counters.connectionsOverMemory == 1)
    #expect(hub.node.peers.map(\.peer) == [quiet.peerID])
    #expect(hub.node.bufferedBytes <= 100_000)
  }

  @Test func aFloodOfRequestsIsRefusedBeyondTheLimit() {
    let network = NodeNetwork()
    let alice = network.add { $0.limits.requestsMax = 10 }
    let silent = Multiaddr.tcp(.v4(IPv4Address(rawValue: 0x2D0C_0001)), port: 1)
    network.blackHoles = [silent]
    let requests = (0..<20).map { _ in network.on(alice) { $0.connect(to: silent, at: $1) } }
    #expect(requests.filter { alice.failure($0) != nil }.count == 10)
    network.run(for: .seconds(60))
    #expect(requests.allSatisfy { alice.answerCounts[$0] == 1 })
  }
}

@Suite struct AddressBookTests {
  private let peer = PeerIDs.make(7)
  private func address(_ host: UInt32) -> Multiaddr { .tcp(.v4(IPv4Address(rawValue: host)), port: 1) }

  @Test func addressesExpire() {
    var book = AddressBook(limits: Node.Limits())
    book.add([address(1)], of: peer, lifetime: .seconds(10), at: .zero)
    #expect(book.addresses(of: peer, at: .zero + .seconds(9)) == [address(1)])
    #expect(book.addresses(of: peer, at: .zero + .seconds(10)).isEmpty)
  }

  @Test func aSignedRecordReplacesWhatWasSaidAndAnOlderOneDoesNot() {
    var book = AddressBook(limits: Node.Limits())
    book.add([address(1)], of: peer, lifetime: .seconds(10), at: .zero)
    let first = book.replace(
      with: [address(2)], signedAs: 5, of: peer, lifetime: .seconds(10), at: .zero)
    let stale = book.replace(
      with: [address(3)], signedAs: 4, of: peer, lifetime: .seconds(10), at: .zero)
    #expect(first && !stale)
    #expect(book.addresses(of: peer, at: .zero) == [address(2)])
  }

  @Test func peersAndAddressesAreBounded() {
    var limits = Node.Limits()
    limits.bookPeersMax = 4
    limits.bookAddressesPerPeerMax = 3
    var book = AddressBook(limits: limits)
    for index in 0..<10 {
      book.add((0..<10).map(address), of: PeerIDs.make(UInt8(index)), lifetime: .seconds(10), at: .zero)
    }
    #expect(book.count == 4)
    #expect(book.addresses(of: PeerIDs.make(9), at: .zero) == (7..<10).map(address))
  }
}

enum PeerIDs {
  static func make(_ seed: UInt8) -> PeerID {
    do {
      return try KeyPair(seed: [UInt8](repeating: seed, count: 32)).peerID
    } catch {
      preconditionFailure("32 bytes are a seed: \(error)")
    }
  }
}
