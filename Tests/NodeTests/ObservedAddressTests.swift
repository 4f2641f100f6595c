import Identity
import NodeKit
@testable import Node
import CircuitRelay
import SansIO
import Testing
import Wire

/// Addresses that others say we have.
@Suite struct ObservedAddressTests {
  private let home = Multiaddr.tcp(.v4(IPv4Address(rawValue: 0x5100_0001)), port: 4001)

  private func address(_ text: String) throws -> Multiaddr { try Multiaddr(text) }

  private func place(_ host: UInt32, port: UInt16 = 1) -> Multiaddr {
    .tcp(.v4(IPv4Address(rawValue: host)), port: port)
  }

  private func observer(_ number: Int) throws -> (PeerID, Multiaddr) {
    let seed = [UInt8](repeating: UInt8(number), count: 32)
    return (
      try KeyPair(seed: seed).peerID,
      .tcp(.v4(IPv4Address(rawValue: 0x5000_0001 + UInt32(number) << 16)), port: 4001)
    )
  }

  private func note(
    _ observations: inout ObservedAddresses, _ text: String, by numbers: ClosedRange<Int>,
    weDialled: Bool = true
  ) throws {
    for number in numbers {
      let (peer, remote) = try observer(number)
      observations.note(try address(text), by: peer, from: remote, weDialled: weDialled)
    }
  }

  @Test(arguments: [
    "/ip4/10.0.0.1/tcp/4001", "/ip4/127.0.0.1/tcp/22", "/ip4/224.0.0.251/tcp/4001", "/ip4/0.0.0.0/tcp/4001",
    "/ip4/169.254.1.1/tcp/80", "/ip4/255.255.255.255/tcp/1", "/ip4/45.1.2.3/tcp/0", "/ip4/45.1.2.3/udp/4001",
    "/ip6/::1/tcp/4001", "/ip6/2a00::1/tcp/4001", "/dns4/example.com/tcp/443",
  ])
  func whatCannotBeOursIsNotNoted(text: String) throws {
    var observations = ObservedAddresses()
    try note(&observations, text, by: 1...9)
    #expect(observations.seen.isEmpty && observations.agreed.isEmpty)
  }

  @Test func atHomeHomeAddressesAreSeen() throws {
    var observations = ObservedAddresses()
    let (peer, _) = try observer(1)
    let here = try address("/ip4/192.168.1.7/tcp/4001")
    observations.note(here, by: peer, from: try address("/ip4/192.168.1.8/tcp/4001"), weDialled: true)
    #expect(observations.seen == [here])
  }

  @Test func strangersWhoComeToUsAreNotBelievedAlone() throws {
    var observations = ObservedAddresses()
    try note(&observations, "/ip4/45.66.6.6/tcp/80", by: 1...1, weDialled: false)
    #expect(observations.seen.isEmpty)
  }

  @Test func aFewLiarsAmongManyAreNotBelieved() throws {
    var observations = ObservedAddresses()
    try note(&observations, "/ip4/45.1.2.3/tcp/4001", by: 1...8, weDialled: false)
    try note(&observations, "/ip4/45.66.6.6/tcp/80", by: 20...22, weDialled: true)
    #expect(observations.agreed == [try address("/ip4/45.1.2.3/tcp/4001")])
    // Nor is where they say we are told to be dialled.
    #expect(observations.seen == [try address("/ip4/45.1.2.3/tcp/4001")])
  }

  /// A router that maps us differently to each: the ports differ, the host does not.
  @Test func portsOfOneHostAreAllSeen() throws {
    var observations = ObservedAddresses()
    for number in 1...4 { try note(&observations, "/ip4/45.1.2.3/tcp/\(5000 + number)", by: number...number) }
    try note(&observations, "/ip4/45.66.6.6/tcp/80", by: 20...20)
    #expect(observations.agreed.isEmpty)
    #expect(observations.seen.count == 4)
    #expect(observations.seen.allSatisfy { "\($0)".contains("45.1.2.3") })
    #expect(observations.mapping(listening: []) == .addressDependent)
  }

  /// What observers, each a host of its own, see of us when we dial them.
  private func mapping(_ seen: [Multiaddr], listening: [Multiaddr] = []) -> NATDiagnosis.Mapping {
    var observed = ObservedAddresses()
    for (index, address) in seen.enumerated() {
      observed.note(
        address, by: PeerIDs.make(UInt8(index)), from: place(0x2D0A_0001 + UInt32(index)),
        weDialled: true)
    }
    return observed.mapping(listening: listening)
  }

  @Test func oneNetworkAloneIsNotBelievedHoweverManyHostsItHas() {
    var observed = ObservedAddresses()
    for index in 0..<10 {
      observed.note(
        home, by: PeerIDs.make(UInt8(index)), from: place(0x2D0A_0001 + UInt32(index)), weDialled: true)
    }
    #expect(observed.agreed.isEmpty)
    observed.note(home, by: PeerIDs.make(20), from: place(0x2D0B_0001), weDialled: true)
    #expect(observed.agreed == [home])
  }

  @Test func theRouterIsKnownByWhatItMapsTo() {
    let inside = [place(0x0A00_0002, port: 4001)]
    #expect(mapping([]) == .unknown)
    #expect(mapping([home]) == .unknown)
    #expect(mapping([home], listening: [home]) == .none)
    #expect(mapping([home, home], listening: inside) == .endpointIndependent(preservesPort: true))
    let moved = place(0x5100_0001, port: 5001)
    #expect(mapping([moved, moved], listening: inside) == .endpointIndependent(preservesPort: false))
    #expect(mapping([home, moved], listening: inside) == .addressDependent)
    let elsewhere = place(0x5100_0002, port: 4001)
    #expect(mapping([home, elsewhere], listening: inside) == .addressDependent)
    // One liar does not make a router symmetric.
    #expect(mapping([home, elsewhere, home], listening: inside) == .endpointIndependent(preservesPort: true))
    #expect(mapping([home, elsewhere, home], listening: [home]) == .none)
    // What is no public address tells nothing.
    #expect(mapping([place(0x0A00_0007), place(0x7F00_0001)], listening: inside) == .unknown)
  }

  @Test func wherePeersDialUsSaysNothingOfMapping() {
    var observed = ObservedAddresses()
    for (index, port) in [UInt16(4001), 5001].enumerated() {
      observed.note(
        place(0x5100_0001, port: port), by: PeerIDs.make(UInt8(index)),
        from: place(0x2D0A_0001 + UInt32(index)), weDialled: false)
    }
    #expect(observed.mapping(listening: []) == .unknown)
  }

  /// Two liars among the peers of a relay: its clients are not sent to where those say it is.
  @Test func aRelayDoesNotTellWhatLiarsPlant() throws {
    let network = NodeNetwork()
    let relay = network.add {
      $0.relayService = ServiceConfiguration()
      $0.servesReachability = true
    }
    let planted = Multiaddr.tcp(.v4(IPv4Address(rawValue: 0x2D42_0606)), port: 80)
    let elsewhere = (1...8).map { IPAddress.v4(IPv4Address(rawValue: 0x500A_0001 + UInt32($0) << 16)) }
    for ip in elsewhere[..<6] { network.add(ip: ip) { $0.bootstrap = [relay.fullAddress] } }
    for ip in elsewhere[6...] {
      let liar = network.add(ip: ip)
      liar.plants = planted
      _ = network.on(relay) { $0.connect(to: liar.fullAddress, at: $1) }
    }
    network.run(for: .seconds(2))
    let alice = network.add {
      $0.beMessenger()
      $0.relays = [relay.fullAddress]
    }
    network.run(for: .seconds(60))
    #expect(relay.node.observedAddresses == [relay.address])
    #expect(alice.node.heldRelays == [relay.peerID])
    #expect(!alice.node.announcedAddresses.contains { "\($0)".contains("45.66.6.6") })
    #expect(!network.dials.contains { $0.to == planted })
  }
}
