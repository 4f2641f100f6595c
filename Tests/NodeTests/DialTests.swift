import Identity
import Node
import NodeKit
import SansIO
import Testing
import Wire

@Suite struct DialTests {
  let network = NodeNetwork()

  private func ip6(_ last: UInt64) -> IPAddress {
    .v6(IPv6Address(upper: 0x2A00_0000_0000_0000, lower: last))
  }
  private func ip4(_ value: UInt32) -> IPAddress { .v4(IPv4Address(rawValue: value)) }

  @Test func namesAreResolvedAndIPv6IsTriedFirst() throws {
    let (alice, bob) = (network.add(), network.add(ip: ip6(1)))
    let other = Multiaddr.tcp(ip4(0x2D0A_00FF), port: 4001)
    network.names[.host("bob.example", family: .any)] = .addresses([other, bob.address])
    network.blackHoles = [other]
    let request = network.on(alice) { [bob] in
      $0.connect(to: multiaddr("/dns/bob.example/tcp/4001/p2p/\(bob.peerID)"), at: $1)
    }
    network.run(for: .seconds(2))
    #expect(alice.connected(request)?.peer == bob.peerID)
    #expect(network.dials.map(\.to) == [bob.address])
  }

  @Test func attemptsAreStaggeredByAQuarterSecond() throws {
    let (alice, bob) = (network.add(), network.add())
    let dead = (1...3).map { Multiaddr.tcp(ip4(0x2D0B_0000 + $0), port: 4001) }
    network.names[.host("bob.example", family: .ip4)] = .addresses(dead + [bob.address])
    network.blackHoles = Set(dead)
    let request = network.on(alice) {
      $0.connect(to: multiaddr("/dns4/bob.example/tcp/4001/p2p/\(bob.peerID)"), at: $1)
    }
    network.run(for: .seconds(2))
    #expect(alice.connected(request)?.peer == bob.peerID)
    let starts = network.dials.map { $0.at - .zero }
    #expect(starts == [10, 260, 510, 760].map { .milliseconds($0) })
  }

  @Test func aFailedAttemptMakesTheNextStartAtOnce() throws {
    let (alice, bob) = (network.add(), network.add())
    let refused = Multiaddr.tcp(ip4(0x2D0B_0001), port: 4001)
    network.names[.host("bob.example", family: .ip4)] = .addresses([refused, bob.address])
    _ = network.on(alice) {
      $0.connect(to: multiaddr("/dns4/bob.example/tcp/4001/p2p/\(bob.peerID)"), at: $1)
    }
    network.run(for: .seconds(2))
    #expect(network.dials.map { $0.at - .zero } == [10, 30].map { .milliseconds($0) })
  }

  @Test func dnsaddrRecordsLeadToThePeerWeWant() throws {
    let (alice, bob, carol) = (network.add(), network.add(), network.add())
    network.names[.text("_dnsaddr.boot.example")] = .texts([
      "dnsaddr=\(carol.fullAddress)", "dnsaddr=\(bob.fullAddress)", "v=spf1 -all", "dnsaddr=nonsense",
    ])
    let request = network.on(alice) {
      $0.connect(to: multiaddr("/dnsaddr/boot.example/p2p/\(bob.peerID)"), at: $1)
    }
    network.run(for: .seconds(2))
    #expect(alice.connected(request)?.peer == bob.peerID)
    #expect(network.dials.map(\.to) == [bob.address])
  }

  @Test func dnsaddrRecordsThatLeadInACircleEnd() throws {
    let (alice, bob) = (network.add(), network.add())
    for index in 0..<10 {
      network.names[.text("_dnsaddr.\(index).example")] = .texts([
        "dnsaddr=/dnsaddr/\(index + 1).example/p2p/\(bob.peerID)"
      ])
    }
    let request = network.on(alice) {
      $0.connect(to: multiaddr("/dnsaddr/0.example/p2p/\(bob.peerID)"), at: $1)
    }
    network.run(for: .seconds(5))
    #expect(alice.failure(request) != nil)
    #expect(alice.resolutions.count == 4)
  }

  @Test func aThousandRecordsAreTriedOnlyToTheLimit() throws {
    let (alice, bob) = (network.add { $0.timeouts.connect = .seconds(600) }, network.add())
    network.names[.text("_dnsaddr.many.example")] = .texts(
      (0..<1000).map { "dnsaddr=/ip4/45.12.\($0 / 250).\($0 % 250 + 1)/tcp/4001/p2p/\(bob.peerID)" })
    let request = network.on(alice) {
      $0.connect(to: multiaddr("/dnsaddr/many.example/p2p/\(bob.peerID)"), at: $1)
    }
    network.run(for: .seconds(600))
    #expect(alice.failure(request) != nil)
    #expect(network.dials.count <= 100)
  }

  @Test func namesAreAskedForAFewAtATime() throws {
    let (alice, bob) = (network.add(), network.add())
    network.names[.text("_dnsaddr.many.example")] = .texts(
      (0..<90).map { "dnsaddr=/dns4/\($0).example/tcp/4001/p2p/\(bob.peerID)" })
    network.names[.host("89.example", family: .ip4)] = .addresses([bob.address])
    let request = network.on(alice) {
      $0.connect(to: multiaddr("/dnsaddr/many.example/p2p/\(bob.peerID)"), at: $1)
    }
    // One round trip of the name system for the list, and one for each eight of it.
    network.run(for: .milliseconds(25))
    #expect(alice.resolutions.count <= 1 + 2 * 8)
    network.run(for: .seconds(5))
    #expect(alice.connected(request)?.peer == bob.peerID)
  }

  @Test func unsupportedAddressesSayWhatIsMissing() throws {
    let alice = network.add()
    let request = network.on(alice) { $0.connect(to: multiaddr("/ip4/45.1.1.1/udp/4001/quic-v1"), at: $1) }
    network.run(for: .seconds(1))
    guard case .unreachable(let attempts) = alice.failure(request) else { Issue.record("no failure"); return }
    #expect(attempts.map(\.reason) == ["no transport for this address; TCP is supported"])
  }

  @Test func bootstrapPeersAreKeptConnected() throws {
    let bob = network.add()
    let alice = network.add { $0.bootstrap = [bob.fullAddress] }
    network.run(for: .seconds(1))
    #expect(alice.node.peers.map(\.peer) == [bob.peerID])
    network.breakConnections(of: bob)
    bob.isListening = false
    network.run(for: .seconds(60))
    #expect(alice.node.peers.isEmpty)
    bob.isListening = true
    network.run(for: .seconds(240))
    #expect(alice.node.peers.map(\.peer) == [bob.peerID])
    // Doubling with jitter: far fewer than one try a second.
    #expect(network.dials.count < 20)
  }
}

/// An address of the test's own making.
func multiaddr(_ text: String) -> Multiaddr {
  do { return try Multiaddr(text) } catch { preconditionFailure("\(text): \(error)") }
}
