import SansIO
import TestKit
import Testing

@testable import Wire

private let relay = "/ip4/192.0.2.1/tcp/4001/p2p/QmcgpsyWgH8Y8ajJz1Cu72KnS5uo2Aa2LpzU7kinSupNKC"
private let target = "/p2p/12D3KooWCryG7Mon9orvQxcS1rYZjotPgpwoJNHHKcLLfE4Hf5mV"

@Suite struct MultiaddrTests {
  @Test("Text and bytes that are one address", arguments: MultiaddrVectors.pairs)
  func pairs(text: String, hex: String) throws {
    #expect(try Multiaddr(text).bytes == [UInt8](hex: hex))
    #expect(try Multiaddr(bytes: [UInt8](hex: hex)).description == text)
  }

  @Test("Canonical text comes back as it was", arguments: MultiaddrVectors.canonical)
  func canonical(text: String) throws {
    let address = try Multiaddr(text)
    #expect(address.description == text)
    #expect(try Multiaddr(bytes: address.bytes) == address)
    #expect(try Multiaddr(address.components) == address)
  }

  @Test("Other texts of an address are equal to it", arguments: MultiaddrVectors.aliases)
  func aliases(text: String, canonical: String) throws {
    #expect(try Multiaddr(text).description == canonical)
    #expect(try Multiaddr(text) == Multiaddr(canonical))
  }

  @Test("Every protocol is known by name and by number")
  func everyProtocol() {
    for known in MultiaddrProtocol.allCases {
      #expect(MultiaddrProtocol(name: known.name) == known)
      #expect(MultiaddrProtocol(code: known.code) == known)
    }
  }

  @Test(
    "What is left out of this node is refused by name",
    arguments: [
      "onion", "garlic64", "garlic32", "http-path", "plaintextv2", "ip5", "", "IP4", " ip4", "ip4\n",
    ])
  func unknownProtocols(name: String) {
    #expect(throws: WireError.unknownProtocol(name)) { try Multiaddr("/\(name)/x") }
  }

  @Test("Invalid text is refused", arguments: MultiaddrVectors.invalidTexts)
  func invalidTexts(text: String) {
    #expect(throws: WireError.self) { try Multiaddr(text) }
  }

  @Test("Invalid bytes are refused", arguments: MultiaddrVectors.invalidHexes)
  func invalidBytes(hex: String) {
    #expect(throws: WireError.self) { try Multiaddr(bytes: [UInt8](hex: hex)) }
  }

  @Test("The error names the component")
  func errors() {
    #expect(throws: WireError.invalidValue(of: "tcp")) { try Multiaddr("/ip4/1.2.3.4/tcp/70000") }
    #expect(throws: WireError.missingValue(of: "tcp")) { try Multiaddr("/ip4/1.2.3.4/tcp") }
    #expect(throws: WireError.unknownProtocol("tpc")) { try Multiaddr("/ip4/1.2.3.4/tpc/1") }
    #expect(throws: WireError.unknownProtocolCode(1)) { try Multiaddr(bytes: [1]) }
    #expect(throws: WireError.emptyAddress) { try Multiaddr("ip4/1.2.3.4") }
    #expect(throws: WireError.componentAfterPath) {
      try Multiaddr(bytes: Multiaddr("/unix/a").bytes + Multiaddr("/tcp/1").bytes)
    }
  }
}

@Suite struct MultiaddrQuestionTests {
  @Test(
    "A TCP endpoint is a host and a port, and at most a peer",
    arguments: [
      ("/ip4/192.0.2.1/tcp/80", .ip4(IPv4Address(rawValue: 0xC000_0201))),
      ("/ip6/::1/tcp/80/p2p/QmcgpsyWgH8Y8ajJz1Cu72KnS5uo2Aa2LpzU7kinSupNKC", .ip6(.loopback, zone: nil)),
      ("/ip6zone/eth0/ip6/::1/tcp/80", .ip6(.loopback, zone: "eth0")),
      ("/dns/example.org/tcp/80", .dns("example.org")),
      ("/dns4/example.org/tcp/80", .dns4("example.org")),
      ("/dns6/example.org/tcp/80", .dns6("example.org")),
    ] as [(String, Multiaddr.Host)])
  func tcpEndpoints(text: String, host: Multiaddr.Host) throws {
    #expect(try Multiaddr(text).tcpEndpoint == Multiaddr.Endpoint(host: host, port: 80))
    #expect(try Multiaddr(text).host == host)
    #expect(try Multiaddr(text).quicEndpoint == nil)
  }

  @Test(
    "No TCP endpoint",
    arguments: [
      "/tcp/80", "/ip4/192.0.2.1", "/ip4/192.0.2.1/udp/80", "/ip4/192.0.2.1/tcp/80/ws",
      "/ip4/192.0.2.1/udp/80/quic-v1", "/dnsaddr/example.org/tcp/80", "/ip6zone/eth0/tcp/80",
      "\(relay)/p2p-circuit",
      "\(relay)/p2p-circuit\(target)", "/unix/run/socket", target,
    ])
  func noTCPEndpoints(text: String) throws {
    #expect(try Multiaddr(text).tcpEndpoint == nil)
  }

  @Test func aQUICEndpoint() throws {
    let address = try Multiaddr("/ip4/127.0.0.1/udp/4001/quic-v1\(target)")
    #expect(address.quicEndpoint == Multiaddr.Endpoint(host: .ip4(.loopback), port: 4001))
    #expect(try Multiaddr("/ip4/127.0.0.1/udp/4001/quic").quicEndpoint == nil)
    #expect(try Multiaddr("/ip4/127.0.0.1/udp/4001/quic-v1/webtransport").quicEndpoint == nil)
  }

  @Test func thePeerIsTheOneAtTheEnd() throws {
    let address = try Multiaddr(relay)
    #expect(address.peer?.isPeerID == true)
    #expect(address.withoutPeer?.description == "/ip4/192.0.2.1/tcp/4001")
    #expect(try Multiaddr("\(relay)/p2p-circuit").peer == nil)
    #expect(try Multiaddr("/tcp/1").withoutPeer == Multiaddr("/tcp/1"))
    #expect(try Multiaddr(target).withoutPeer == nil)
  }

  @Test func aCircuitHasTwoSides() throws {
    let circuit = try #require(try Multiaddr("\(relay)/p2p-circuit\(target)").circuit)
    #expect(circuit.relay.description == relay)
    #expect(circuit.destination?.description == target)

    let reservation = try #require(try Multiaddr("\(relay)/p2p-circuit").circuit)
    #expect(reservation.relay.description == relay)
    #expect(reservation.destination == nil)

    #expect(try Multiaddr("\(relay)/p2p-circuit").isCircuit)
    #expect(try !Multiaddr(relay).isCircuit)
    #expect(try Multiaddr(relay).circuit == nil)
    #expect(try Multiaddr("/p2p-circuit\(target)").circuit == nil)
    #expect(try Multiaddr("\(relay)/p2p-circuit\(target)/p2p-circuit\(target)").circuit == nil)
  }

  @Test func addressesAreBuilt() throws {
    let loopback = Multiaddr.tcp(.v4(.loopback), port: 4001)
    #expect(loopback.description == "/ip4/127.0.0.1/tcp/4001")
    #expect(Multiaddr.quicV1(.v6(.any), port: 1).description == "/ip6/::/udp/1/quic-v1")
    #expect(try loopback.appending(.p2pCircuit).description == "/ip4/127.0.0.1/tcp/4001/p2p-circuit")
    #expect(try loopback.appending(Multiaddr(target)).description == "/ip4/127.0.0.1/tcp/4001\(target)")
    #expect(try Multiaddr("/dnsaddr/example.org\(target)").dnsaddr == "example.org")
  }

  @Test("What cannot be an address cannot be built")
  func impossibleComponents() {
    #expect(throws: WireError.emptyAddress) { try Multiaddr([]) }
    #expect(throws: WireError.invalidValue(of: "dns")) { try Multiaddr([.dns("a/b")]) }
    #expect(throws: WireError.invalidValue(of: "dns")) { try Multiaddr([.dns("")]) }
    #expect(throws: WireError.invalidValue(of: "sni")) { try Multiaddr([.sni("a\u{1B}[2J")]) }
    #expect(throws: WireError.invalidValue(of: "unix")) { try Multiaddr([.unix("a")]) }
    #expect(throws: WireError.invalidValue(of: "p2p")) {
      try Multiaddr([.p2p(Multihash(code: 0x13, digest: [1]))])
    }
    #expect(throws: WireError.self) { try Multiaddr([.onion3([1], port: 1)]) }
    #expect(throws: WireError.componentAfterPath) { try Multiaddr([.unix("/a"), .tcp(1)]) }
  }
}
