package import SansIO

// What may change while a scenario runs. Each takes effect at its instant, after everything due before it.
extension Network {
  /// New conditions for an access link, in one direction or both.
  package mutating func setLink(
    of interface: InterfaceID, up: Link.Conditions? = nil, down: Link.Conditions? = nil, at now: Instant
  ) {
    check(interface)
    advance(to: now)
    if let up { interfaces[interface.rawValue].up.conditions = up }
    if let down { interfaces[interface.rawValue].down.conditions = down }
  }

  /// A link that is down carries nothing, in either direction; what is on its way to it dies there.
  package mutating func setUp(_ isUp: Bool, _ interface: InterfaceID, at now: Instant) {
    check(interface)
    advance(to: now)
    interfaces[interface.rawValue].isUp = isUp
  }

  /// Signal loss: every packet vanishes silently, both ways, while the host believes itself connected.
  package mutating func setSilent(_ isSilent: Bool, _ interface: InterfaceID, at now: Instant) {
    check(interface)
    advance(to: now)
    interfaces[interface.rawValue].isSilent = isSilent
  }

  /// Takes an interface to another place with other addresses. What is on its way to it is lost.
  package mutating func move(
    _ interface: InterfaceID, to place: Place, addresses: [Address], at now: Instant
  ) {
    check(interface)
    check(place)
    advance(to: now)
    let index = interface.rawValue
    segments[interfaces[index].place.segment.rawValue].remove(.interface(index))
    interfaces[index].place = place
    interfaces[index].addresses = addresses
    interfaces[index].epoch &+= 1
    attach(.interface(index), to: place, addresses)
  }

  /// From now on nothing from a host of one group reaches one of the other. Groups may overlap; a host is
  /// never cut off from itself. Partitions add up until healed. What a router made of a kernel forwards
  /// counts as that router's, so it belongs in the group of those behind it.
  package mutating func partition(_ one: [String], from other: [String], at now: Instant) {
    advance(to: now)
    for left in one.map({ hostIndex($0) }) {
      for right in other.map({ hostIndex($0) }) where left != right {
        cuts.insert(Cut(from: left, to: right))
        cuts.insert(Cut(from: right, to: left))
      }
    }
  }

  /// Ends every partition.
  package mutating func heal(at now: Instant) {
    advance(to: now)
    cuts = []
  }
}
