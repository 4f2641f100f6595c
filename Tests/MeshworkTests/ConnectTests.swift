import Testing

@testable import Meshwork

@Suite struct ConnectTests {
  @Test(arguments: ["/ip4/127.0.0.1/tcp/0", "/ip6/::1/tcp/0"])
  func connectIdentifyPingPerf(_ listen: String) async throws {
    let ann = try await makeNode(listen: [listen])
    let bob = try await makeNode(listen: [listen]) {
      $0.serveBench = true
      $0.agent = "bob/1"
    }
    let address = try await bob.address
    let connection = try await within { try await ann.connect(to: address) }
    #expect(connection.peerID == bob.peerID)
    #expect(connection.direction == .outbound && connection.path == .direct)

    let peer = try await within { try await ann.identify(bob.peerID) }
    #expect(peer.agent == "bob/1")
    #expect(peer.hasSignedRecord)
    #expect(peer.protocols.contains("/perf/1.0.0"))
    #expect(await bob.info().listenAddresses.allSatisfy(peer.addresses.contains))

    let roundTrips = try await within { try await ann.ping(bob.peerID, count: 3) }
    #expect(roundTrips.count == 3 && roundTrips.allSatisfy { $0 > .zero && $0 < .seconds(5) })

    let result = try await within { try await ann.perf(bob.peerID, upload: 3_000_000, download: 5_000_000) }
    #expect(result.uploadedBytes == 3_000_000 && result.downloadedBytes == 5_000_000)

    #expect(await ann.peers().map(\.peerID) == [bob.peerID])
    #expect(try await within { try await ann.connect(to: address) }.connectionID == connection.connectionID)
    try await ann.disconnect(bob.peerID)
    #expect(await ann.peers().isEmpty)
    await ann.shutdown()
    await bob.shutdown()
  }

  @Test func theDialLeavesFromTheListeningPort() async throws {
    let pair = try await Pair.connected()
    _ = try await within { try await pair.bob.identify(pair.ann.peerID) }
    let dialled = try await pair.ann.address
    #expect(await pair.bob.connections().map(\.address) == [dialled])
    // And so the address that peers observe is one they can dial.
    let told = try await within { try await pair.ann.identify(pair.bob.peerID) }
    #expect(told.observedAddress == (await pair.ann.info().listenAddresses.first))
    await pair.shutdown()
  }

  @Test func aConnectionBetweenTheSamePortsAgainAndAgain() async throws {
    let pair = try await Pair.connected()
    let address = try await pair.bob.address
    for _ in 0..<5 {
      try await pair.ann.disconnect(pair.bob.peerID)
      try await eventually { await pair.bob.peers().isEmpty }
      _ = try await within { try await pair.ann.connect(to: address) }
    }
    await pair.shutdown()
  }

  @Test func someoneElseIsThere() async throws {
    let ann = try await makeNode()
    let bob = try await makeNode()
    let expected = Identity.ephemeral().peerID
    let listening = try #require(await bob.info().listenAddresses.first)
    let wrong = try Multiaddr("\(listening)/p2p/\(expected)")
    let error = await #expect(throws: MeshError.self) {
      try await within { try await ann.connect(to: wrong) }
    }
    #expect(error == .wrongPeer(expected: expected, actual: bob.peerID))
    #expect(await ann.connections().isEmpty)
    try await eventually { await bob.connections().isEmpty }
    await ann.shutdown()
    await bob.shutdown()
  }

  @Test func nobodyIsThere() async throws {
    let ann = try await makeNode()
    let nobody = try Multiaddr("/ip4/127.0.0.1/tcp/1/p2p/\(Identity.ephemeral().peerID)")
    let error = await #expect(throws: MeshError.self) {
      try await within { try await ann.connect(to: nobody) }
    }
    guard case .unreachable(let attempts) = error else {
      Issue.record("\(String(describing: error))")
      return
    }
    #expect(attempts.map(\.reason) == ["connection refused"])
    await ann.shutdown()
  }

  @Test func whatCannotBeAsked() async throws {
    let ann = try await makeNode()
    let stranger = Identity.ephemeral().peerID
    await #expect(throws: MeshError.notConnected(stranger)) { try await ann.ping(stranger) }
    await #expect(throws: MeshError.notConnected(stranger)) { try await ann.disconnect(stranger) }
    let own = try await ann.address
    await #expect(throws: MeshError.dialToSelf) { try await ann.connect(to: own) }
    await ann.shutdown()
  }

  @Test func aNodeFindsItselfUnderAnotherName() async throws {
    // Without a peer id the dialler learns only from the handshake who is there.
    let ann = try await makeNode()
    let listening = try #require(await ann.info().listenAddresses.first)
    await #expect(throws: MeshError.self) { try await within { try await ann.connect(to: listening) } }
    await ann.shutdown()
  }
}
