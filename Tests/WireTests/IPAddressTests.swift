import TestKit
import Testing

@testable import Wire

@Suite struct IPAddressTests {
  @Test("IPv4 is four decimal numbers", arguments: ["0.0.0.0", "127.0.0.1", "1.2.3.4", "255.255.255.255"])
  func ipv4(text: String) {
    #expect(IPv4Address(text)?.description == text)
  }

  @Test(
    "Everything else that some call IPv4 is refused",
    arguments: [
      "", "1", "1.2.3", "1.2.3.4.5", "01.2.3.4", "1.2.3.256", "1.2.3.-4", "1..3.4", "1.2.3.4 ", "0x1.2.3.4",
      "1.2.3.+4", "127.1",
    ])
  func notIPv4(text: String) {
    #expect(IPv4Address(text) == nil)
  }

  @Test(
    "RFC 5952, sections 4 and 5",
    arguments: [
      ("2001:0db8:0000:0000:0001:0000:0000:0001", "2001:db8::1:0:0:1"),
      ("2001:db8:0:0:0:0:2:1", "2001:db8::2:1"),
      ("2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1"),
      ("2001:db8::1:1:1:1:1", "2001:db8:0:1:1:1:1:1"),
      ("2001:0:0:1:0:0:0:1", "2001:0:0:1::1"),
      ("2001:db8:0:0:1:0:0:1", "2001:db8::1:0:0:1"),
      ("2001:DB8:AAAA::BbBb", "2001:db8:aaaa::bbbb"),
      ("0:0:0:0:0:ffff:192.0.2.1", "::ffff:192.0.2.1"),
      ("::ffff:c000:0201", "::ffff:192.0.2.1"),
      ("64:ff9b::192.0.2.33", "64:ff9b::c000:221"),
      ("0:0:0:0:0:0:0:0", "::"), ("::1", "::1"), ("1::", "1::"), ("0:0:0:0:0:0:0:1", "::1"),
      ("1:0:0:0:0:0:0:0", "1::"), ("1:2:3:4:5:6:7::", "1:2:3:4:5:6:7:0"),
      ("::2:3:4:5:6:7:8", "0:2:3:4:5:6:7:8"),
      ("::1.2.3.4", "::102:304"), ("1:2:3:4:5:6:1.2.3.4", "1:2:3:4:5:6:102:304"),
    ])
  func ipv6(text: String, canonical: String) {
    #expect(IPv6Address(text)?.description == canonical)
    #expect(IPv6Address(canonical) == IPv6Address(text))
  }

  @Test(
    "What is not IPv6 is refused",
    arguments: [
      "", ":", ":::", "1", "1:2:3:4:5:6:7", "1:2:3:4:5:6:7:8:9", "1:2:3:4:5:6:7:8::", "::1:2:3:4:5:6:7:8",
      "1::2::3", "12345::", "g::", "::1%eth0", "fe80::1%1", "1.2.3.4", "::1.2.3", "::1.2.3.4:5", "1.2.3.4::",
      "1:2:3:4:5:6:7:1.2.3.4", ":1::", "::1:", " ::1", "::-1", "::٣", "::1.2.3.04",
    ])
  func notIPv6(text: String) {
    #expect(IPv6Address(text) == nil)
  }

  @Test(
    "From where an address is reached",
    arguments: [
      ("0.0.0.0", .unspecified), ("0.1.2.3", .unspecified), ("127.255.0.1", .loopback),
      ("10.0.0.1", .private), ("172.16.0.1", .private), ("172.31.255.255", .private), ("172.32.0.1", .global),
      ("192.168.1.1", .private), ("100.64.0.1", .private), ("100.128.0.1", .global),
      ("169.254.1.1", .linkLocal),
      ("192.0.2.1", .reserved), ("198.51.100.1", .reserved), ("203.0.113.1", .reserved),
      ("198.19.0.1", .reserved),
      ("224.0.0.251", .multicast), ("240.0.0.1", .reserved), ("255.255.255.255", .reserved),
      ("1.1.1.1", .global),
      ("::", .unspecified), ("::1", .loopback), ("fe80::1", .linkLocal), ("febf::1", .linkLocal),
      ("fc00::1", .private), ("fdff::1", .private), ("ff02::fb", .multicast),
      ("2001:db8::42", .reserved), ("3fff::1", .reserved), ("3fff:1000::1", .global), ("2400::1", .global),
      ("4000::1", .reserved), ("::ffff:127.0.0.1", .loopback), ("::ffff:1.1.1.1", .global),
      ("64:ff9b::1.1.1.1", .global), ("64:ff9b::10.0.0.1", .private), ("2002:7f00:1::", .loopback),
      ("::7f00:1", .reserved),
    ] as [(String, IPAddress.Reach)])
  func reach(text: String, reach: IPAddress.Reach) throws {
    #expect(try #require(IPAddress(text)).reach == reach)
  }

  @Test func bytesAreInTheOrderOfTheNetwork() throws {
    #expect(IPv4Address.loopback.bytes == [127, 0, 0, 1])
    #expect(IPAddress(bytes: [127, 0, 0, 1]) == .v4(.loopback))
    let address = try #require(IPv6Address("102:304:506:708:90a:b0c:d0e:f10"))
    #expect(address.bytes == [UInt8](1...16))
    #expect(IPAddress(bytes: 1...16 as ClosedRange<UInt8>) == .v6(address))
    for count in [0, 3, 5, 15, 17] {
      #expect(IPAddress(bytes: [UInt8](repeating: 0, count: count)) == nil)
    }
  }
}
