import Lab
package import NetworkModel

/// The network that kinds are certified in: each has a LAN with a prober in it and its router in front of it,
/// and all share an internet with the reflector on it.
package struct Topology: Sendable {
  package private(set) var network = Network(seed: 1)
  private(set) var hosts: [HostDescription] = []
  package private(set) var reflector = InterfaceID(rawValue: 0)
  /// In the order of the kinds.
  package private(set) var probers: [InterfaceID] = []

  package init(_ kinds: [Kind]) {
    addReflector()
    for (index, kind) in kinds.enumerated() { add(kind, index) }
  }

  private mutating func addReflector() {
    let id = network.addInterface(
      Interface(host: "reflector", name: "net0", place: .internet(), addresses: Site.addresses))
    reflector = id
    hosts.append(
      HostDescription(
        "reflector",
        interfaces: [
          InterfaceDescription(
            id, addresses: Site.addresses.map { InterfaceAddress($0, prefixLength: 32) },
            routes: Route.everything)
        ]))
  }

  private mutating func add(_ kind: Kind, _ index: Int) {
    let lan = network.addLAN("lan\(index)")
    let externals = Self.externals(of: kind, index)
    switch kind.box {
    case .model(let behaviors): add(behaviors, "router\(index)", lan, externals)
    case .kernel(let router): add(router, "router\(index)", lan, externals[0])
    }
    let id = network.addInterface(
      Interface(host: "client\(index)", name: "net0", place: .lan(lan), addresses: Site.hosts))
    probers.append(id)
    var host = HostDescription(
      "client\(index)",
      interfaces: [
        InterfaceDescription(
          id, addresses: Site.hosts.map { InterfaceAddress($0, prefixLength: 24) }, routes: Route.everything)
      ])
    // A hairpinned packet may come from an address of ours.
    host.sysctls = [("net/ipv4/conf/all/accept_local", "1")]
    hosts.append(host)
  }

  private mutating func add(
    _ behaviors: [NAT.Behavior], _ name: String, _ lan: SegmentID, _ externals: [Address]
  ) {
    var inside = (lan, Site.gateway)
    for (depth, behavior) in behaviors.enumerated() {
      var (place, outside) = (Place.internet(), externals)
      let (segment, gateway) = inside
      if depth < behaviors.count - 1 {
        // Shared address space: RFC 6598.
        let between = network.addLAN("\(name)-\(depth)")
        place = .lan(between)
        outside = [Address(100, 64, UInt8(depth), 2)]
        inside = (between, Address(100, 64, UInt8(depth), 1))
      }
      _ = network.addRouter(
        Router(
          name: "\(name)-\(depth)", inside: segment, outside: place, insideAddresses: [gateway],
          outsideAddresses: outside, nat: behavior))
    }
  }

  private mutating func add(_ router: LinuxRouter, _ name: String, _ lan: SegmentID, _ external: Address) {
    let inside = network.addInterface(
      Interface(
        host: name, name: LinuxRouter.inside, place: .lan(lan), addresses: [Site.gateway], forwards: true))
    let outside = network.addInterface(
      Interface(
        host: name, name: LinuxRouter.outside, place: .internet(), addresses: [external], forwards: true))
    network.setGateway(of: lan, to: inside)
    hosts.append(
      router.description(
        name,
        inside: InterfaceDescription(
          inside, name: LinuxRouter.inside, addresses: [InterfaceAddress(Site.gateway, prefixLength: 24)]),
        outside: InterfaceDescription(
          outside, name: LinuxRouter.outside, addresses: [InterfaceAddress(external, prefixLength: 32)],
          routes: Route.everything)))
  }

  static func externals(of kind: Kind, _ index: Int) -> [Address] {
    (0..<kind.externals).map { Address(11, 2, UInt8(truncatingIfNeeded: index), UInt8(1 + $0)) }
  }
}
