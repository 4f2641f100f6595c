import SansIO

/// An interface's place and state.
struct InterfaceState: Sendable {
  let host: Int32
  /// `host/name`.
  let label: String
  let upLabel: String
  let downLabel: String
  let forwards: Bool
  var place: Place
  var addresses: [Address]
  var up: Link
  var down: Link
  var isUp = true
  /// Everything vanishes, and nobody is told.
  var isSilent = false
  /// Counts moves: what was on the way to the old place is lost.
  var epoch: UInt32 = 0

  /// Why nothing passes just now, in either direction.
  var refusal: Rule? { isUp ? isSilent ? .signalLost : nil : .linkDown }

  /// A host speaks for itself only (RFC 2827), unless it routes.
  func maySend(from address: Address) -> Bool {
    forwards || addresses.contains(address) || address.isLinkLocal || address.isUnspecified
  }
}

extension Network {
  /// A LAN: unicast between its members, multicast and broadcast to all others.
  package mutating func addLAN(_ name: String) -> SegmentID {
    segments.append(Segment(name: name, isInternet: false))
    return SegmentID(rawValue: segments.count - 1)
  }

  /// An interface of a host, attached. Its addresses must be nobody else's on that segment.
  package mutating func addInterface(_ interface: Interface) -> InterfaceID {
    let label = "\(interface.host)/\(interface.name)"
    let id = interfaces.count
    interfaces.append(
      InterfaceState(
        host: hostIndex(interface.host), label: label, upLabel: "\(label)/up", downLabel: "\(label)/down",
        forwards: interface.forwards, place: interface.place, addresses: interface.addresses,
        up: Link(interface.up, seed: Draw.seed(seed, "\(label)/up")),
        down: Link(interface.down, seed: Draw.seed(seed, "\(label)/down"))))
    attach(.interface(id), to: interface.place, interface.addresses)
    return InterfaceID(rawValue: id)
  }

  /// What a LAN's members have as their default gateway, for one family or both: a router made of a kernel.
  package mutating func setGateway(
    of segment: SegmentID, to interface: InterfaceID, ipv4: Bool = true, ipv6: Bool = true
  ) {
    check(interface)
    if ipv4 { segments[segment.rawValue].gateway4 = .interface(interface.rawValue) }
    if ipv6 { segments[segment.rawValue].gateway6 = .interface(interface.rawValue) }
  }

  /// Sends what is for a prefix on a segment to an interface that forwards: the LAN behind a router made of a
  /// kernel.
  package mutating func route(_ prefix: Prefix, on segment: SegmentID, to interface: InterfaceID) {
    check(interface)
    segments[segment.rawValue].routes.insert(prefix, to: .interface(interface.rawValue))
  }

  func check(_ interface: InterfaceID) {
    precondition(interfaces.indices.contains(interface.rawValue), "no interface \(interface.rawValue)")
  }

  func check(_ place: Place) {
    switch place {
    case .internet(let region):
      precondition(internet.regions.indices.contains(region), "no region \(region)")
    case .lan(let segment):
      precondition(segment.rawValue > 0 && segment.rawValue < segments.count, "no LAN \(segment.rawValue)")
    }
  }

  mutating func hostIndex(_ name: String) -> Int32 {
    if let index = hosts.firstIndex(of: name) { return Int32(index) }
    hosts.append(name)
    return Int32(hosts.count - 1)
  }

  mutating func attach(_ attachment: Attachment, to place: Place, _ addresses: [Address]) {
    check(place)
    let segment = place.segment.rawValue
    segments[segment].members.append(attachment)
    for address in addresses {
      let owner = segments[segment].owners.updateValue(attachment, forKey: address)
      precondition(owner == nil || owner == attachment, "\(address) is taken on \(segments[segment].name)")
    }
  }
}
