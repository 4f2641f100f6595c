import SansIO

/// A box between a LAN and what is outside it, its uplink included.
package struct Router: Sendable {
  package var name: String
  package var inside: SegmentID
  /// The internet, or the LAN of another router: several in series are a carrier-grade NAT.
  package var outside: Place
  /// The LAN's default gateway: for each family that has an address here.
  package var insideAddresses: [Address]
  /// Of IPv4 all are the NAT's, if there is one.
  package var outsideAddresses: [Address]
  /// What is routed to this box from outside: the LAN's IPv6 prefix, and those of routers behind it.
  package var prefixes: [Prefix]
  /// For IPv4. Without it, IPv4 is routed like IPv6.
  package var nat: NAT.Behavior?
  package var firewall4: Firewall.Policy?
  package var firewall6: Firewall.Policy?
  /// The uplink, from the box and to it.
  package var up: Link.Conditions
  package var down: Link.Conditions

  package init(
    name: String, inside: SegmentID, outside: Place, insideAddresses: [Address],
    outsideAddresses: [Address], prefixes: [Prefix] = [], nat: NAT.Behavior? = nil,
    firewall4: Firewall.Policy? = nil, firewall6: Firewall.Policy? = nil, up: Link.Conditions = .init(),
    down: Link.Conditions = .init()
  ) {
    self.name = name
    self.inside = inside
    self.outside = outside
    self.insideAddresses = insideAddresses
    self.outsideAddresses = outsideAddresses
    self.prefixes = prefixes
    self.nat = nat
    self.firewall4 = firewall4
    self.firewall6 = firewall6
    self.up = up
    self.down = down
  }
}

/// A router's place and state.
struct RouterState: Sendable {
  let name: String
  let upLabel: String
  let downLabel: String
  let natLabel: String
  let inside: Int
  let outside: Place
  let insideAddresses: [Address]
  var outsideAddresses: [Address]
  let prefixes: [Prefix]
  /// What is for these goes through the NAT: empty without one.
  var translated: [Address]
  var nat: NAT?
  var firewall4: Firewall?
  var firewall6: Firewall?
  var up: Link
  var down: Link
  var isUp = true
  var isSilent = false

  func owns(_ address: Address) -> Bool {
    outsideAddresses.contains(address) || insideAddresses.contains(address)
  }

  // In place: a copy of a box is a copy of its tables' references.

  mutating func translateOutbound(_ packet: inout Packet, flow: UInt64, at now: Instant) -> NAT.Outcome {
    nat?.translateOutbound(&packet, flow: flow, at: now) ?? .translated
  }

  mutating func translateInbound(_ packet: inout Packet, at now: Instant) -> NAT.Outcome {
    nat?.translateInbound(&packet, at: now) ?? .translated
  }

  mutating func check(
    _ packet: borrowing Packet, _ direction: Firewall.Direction, at now: Instant
  ) -> Firewall.Verdict {
    if packet.isIPv4 { return firewall4?.check(packet, direction, at: now) ?? .passes }
    return firewall6?.check(packet, direction, at: now) ?? .passes
  }
}
