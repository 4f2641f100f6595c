import Lab
import NetworkModel
import Scenario

/// Who gets which address: a function of the plan and of the order of the steps, so that every run has the
/// same ones.
///
/// The internet's look globally routable, because foreign peers refuse to punch holes towards anything else;
/// and each is in a network (/16) of its own until these are used up, because nodes believe several observers
/// only if they are in several networks.
struct AddressPlan {
  /// What a host has in one place.
  struct Seat: Sendable {
    var addresses: [InterfaceAddress]
    var all: [Address] { addresses.map(\.address) }
    var ipv4: Address? { all.first(where: \.isIPv4) }
    var ipv6: Address? { all.first { !$0.isIPv4 && !$0.isLinkLocal } }
  }

  /// A LAN's own addresses.
  struct Subnet: Sendable {
    let ipv4: UInt32
    let ipv6: UInt64
    /// Whether the internet knows the way to its IPv4 addresses.
    let isRouted: Bool

    var gateways: [Address] { [Address(v4: ipv4 | 1), Address(high: ipv6, low: 1)] }
    var prefixes: [Prefix] {
      (isRouted ? [Prefix(Address(v4: ipv4), length: 24)] : []).compactMap { $0 }
        + [Prefix(Address(high: ipv6, low: 0), length: 64)].compactMap { $0 }
    }
  }

  private var publicHosts: UInt32 = 0
  private var routerAddresses: UInt32 = 0
  private var members: [String: UInt32] = [:]
  private var routersInside: [String: UInt32] = [:]
  private var linkLocals: UInt64 = 0
  private let subnets: [String: Subnet]

  init(_ plan: Plan) {
    var subnets: [String: Subnet] = [:]
    let upstreams = Set(plan.lans.compactMap(\.router?.upstream))
    for (index, lan) in plan.lans.enumerated() {
      let number = UInt32(index)
      let isRouted = lan.router?.nat.kind == Scenario.NAT.Kind.none
      // A provider's own network (RFC 6598), public addresses, or a home's.
      let base: UInt32 =
        upstreams.contains(lan.name) ? 0x6440_0000 : isRouted ? 0x2DC8_0000 : 0xC0A8_0000
      subnets[lan.name] = Subnet(
        ipv4: base + (number + 1) << 8, ipv6: 0x2A0E_B107_1000_0000 + UInt64(number) << 16, isRouted: isRouted
      )
    }
    self.subnets = subnets
  }

  func subnet(of lan: String) -> Subnet {
    subnets[lan] ?? Subnet(ipv4: 0xC0A8_0000, ipv6: 0x2A0E_B107_1000_0000, isRouted: false)
  }

  /// A new seat in a LAN, or on the public internet.
  mutating func seat(in lan: String?, _ families: Families) -> Seat {
    var seat = Seat(addresses: [])
    linkLocals += 1
    if let lan {
      members[lan, default: 9] += 1
      let (subnet, number) = (subnet(of: lan), members[lan] ?? 10)
      if families != .ipv6 { seat.add(Address(v4: subnet.ipv4 | number), 24) }
      if families != .ipv4 {
        seat.add(Address(high: subnet.ipv6, low: UInt64(number)), 64)
        seat.add(Address(high: 0xFE80_0000_0000_0000, low: linkLocals), 64)
      }
    } else {
      publicHosts += 1
      if families != .ipv6 { seat.add(Address(v4: 0x2D0A_0000 + Self.spread(publicHosts)), 32) }
      if families != .ipv4 { seat.add(Address(high: 0x2A0E_B107_0000_0000, low: UInt64(publicHosts)), 128) }
    }
    return seat
  }

  /// New addresses for a router outside, in the LAN above it or on the public internet.
  mutating func outside(of upstream: String?, count: Int) -> [Address] {
    (0..<max(1, count)).map { _ in
      if let upstream {
        routersInside[upstream, default: 199] += 1
        return Address(v4: subnet(of: upstream).ipv4 | (routersInside[upstream] ?? 200))
      }
      routerAddresses += 1
      return Address(v4: 0x2D40_0000 + Self.spread(routerAddresses))
    }
  }

  /// Through the networks, and in each neither .0 nor .255.
  private static func spread(_ number: UInt32) -> UInt32 {
    let (turn, network) = (number - 1).quotientAndRemainder(dividingBy: networks)
    return network << 16 | turn / 250 << 8 | (turn % 250 + 1)
  }

  private static let networks: UInt32 = 32
}

extension AddressPlan.Seat {
  fileprivate mutating func add(_ address: Address, _ prefixLength: Int) {
    addresses.append(InterfaceAddress(address, prefixLength: prefixLength))
  }
}
