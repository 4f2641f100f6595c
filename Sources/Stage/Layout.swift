import Lab
import NetworkModel
import SansIO
import Scenario

/// The plan's network as the model and the laboratory take it, and the names by which steps find its parts.
struct Layout {
  /// What joins a LAN to the segment above it.
  enum Gate: Sendable {
    case model(RouterID)
    case linux(name: String, wan: NetworkModel.InterfaceID, LinuxRouter, external: Address)
  }

  /// Where LANs and regions are in the model.
  struct Places: Sendable {
    let regions: [String]
    var segments: [String: SegmentID] = [:]

    /// Where something in that LAN, or in that region of the internet, is.
    func place(in lan: String?, region: String?) -> Place {
      if let lan, let segment = segments[lan] { return .lan(segment) }
      return .internet(region: region.flatMap { regions.firstIndex(of: $0) } ?? 0)
    }
  }

  /// Of a router that is a kernel, as a host.
  static let routerSuffix = "-router"

  private(set) var network: Network
  private(set) var descriptions: [HostDescription] = []
  private(set) var interfaces: [String: NetworkModel.InterfaceID] = [:]
  private(set) var seats: [String: AddressPlan.Seat] = [:]
  private(set) var gates: [String: Gate] = [:]
  private(set) var places: Places
  private(set) var addresses: AddressPlan
  private let plan: Plan

  init(_ plan: Plan) {
    self.plan = plan
    addresses = AddressPlan(plan)
    var regions = ["everywhere"]
    let named = plan.hosts.compactMap(\.region) + plan.lans.compactMap(\.router?.region)
    for region in named where !regions.contains(region) { regions.append(region) }
    places = Places(regions: regions)
    network = Network(
      seed: plan.seed,
      internet: Internet(
        regions: regions,
        latency: regions.map { one in regions.map { other in plan.latency(from: one, to: other) } }))
    for lan in plan.lans { places.segments[lan.name] = network.addLAN(lan.name) }
    for lan in plan.lans { addRouter(of: lan) }
    for host in plan.hosts { add(host) }
  }

  private mutating func add(_ host: Plan.Host) {
    let seat = addresses.seat(in: host.lan, host.families)
    let id = network.addInterface(
      Interface(
        host: host.name, place: places.place(in: host.lan, region: host.region), addresses: seat.all,
        up: .init(host.link.up), down: .init(host.link.down)))
    var description = HostDescription(
      host.name,
      interfaces: [InterfaceDescription(id, addresses: seat.addresses, routes: Route.everything)])
    if host.probesMTU { description.sysctls.append(("net/ipv4/tcp_mtu_probing", "1")) }
    descriptions.append(description)
    interfaces[host.name] = id
    seats[host.name] = seat
    network.setName(host.name, to: seat.all.filter { !$0.isLinkLocal }, at: .zero)
  }

  private mutating func addRouter(of lan: Plan.LAN) {
    guard let router = lan.router, let inside = places.segments[lan.name] else { return }
    let subnet = addresses.subnet(of: lan.name)
    let outside = addresses.outside(of: router.upstream, count: router.nat.addresses)
    let place = places.place(in: router.upstream, region: router.region)
    if router.nat.kind == .linux {
      return addKernel(router, of: lan.name, inside, subnet, outside: place, outside[0])
    }
    gates[lan.name] = .model(
      network.addRouter(
        Router(
          name: lan.name, inside: inside, outside: place, insideAddresses: subnet.gateways,
          outsideAddresses: outside, prefixes: subnet.prefixes,
          nat: router.nat.kind == .model ? .init(router.nat) : nil, firewall4: .init(router.firewall),
          firewall6: .init(router.firewall), up: .init(router.link.up), down: .init(router.link.down))))
  }

  /// A router namespace with nftables between two devices.
  private mutating func addKernel(
    _ router: Plan.Router, of lan: String, _ inside: SegmentID, _ subnet: AddressPlan.Subnet, outside: Place,
    _ external: Address
  ) {
    let name = lan + Self.routerSuffix
    let gateway = subnet.gateways.filter(\.isIPv4)
    let wan = network.addInterface(
      Interface(
        host: name, name: LinuxRouter.outside, place: outside, addresses: [external],
        up: .init(router.link.up), down: .init(router.link.down), forwards: true))
    let near = network.addInterface(
      Interface(
        host: name, name: LinuxRouter.inside, place: .lan(inside), addresses: gateway, forwards: true))
    network.setGateway(of: inside, to: near, ipv6: false)
    var kernel = LinuxRouter()
    kernel.mapping = .init(router.nat.mapping)
    kernel.filtering = .init(router.nat.filtering)
    kernel.refusal = router.nat.unsolicited == .drop ? .drop : .reject
    kernel.hairpin = router.nat.hairpin != .none
    kernel.udpIdleSeconds = max(1, Int(router.nat.udpIdleMs / 1000))
    kernel.udpUnrepliedSeconds = max(1, Int((router.nat.udpUnrepliedMs ?? router.nat.udpIdleMs) / 1000))
    kernel.seed = UInt32(truncatingIfNeeded: plan.seed)
    descriptions.append(
      kernel.description(
        name,
        inside: InterfaceDescription(
          near, name: LinuxRouter.inside,
          addresses: gateway.map { InterfaceAddress($0, prefixLength: 24) }),
        outside: InterfaceDescription(
          wan, name: LinuxRouter.outside, addresses: [InterfaceAddress(external, prefixLength: 32)],
          routes: Route.everything)))
    gates[lan] = .linux(name: name, wan: wan, kernel, external: external)
  }
}

extension Plan {
  /// One way. Nothing within a region, or where none is said.
  fileprivate func latency(from one: String, to other: String) -> Duration {
    let known = latencies.last {
      ($0.between, $0.and) == (one, other) || ($0.between, $0.and) == (other, one)
    }
    return known.map { .milliseconds(of: $0.delayMs) } ?? .zero
  }
}

// MARK: While it runs

extension Layout {
  /// What steps look up and change; the network itself is with the fabric then.
  struct Changing: Sendable {
    let interfaces: [String: NetworkModel.InterfaceID]
    private(set) var gates: [String: Gate]
    private(set) var seats: [String: AddressPlan.Seat]
    private(set) var hostsByAddress: [String: String] = [:]
    private let places: Places
    private var addresses: AddressPlan

    fileprivate init(_ layout: Layout) {
      interfaces = layout.interfaces
      gates = layout.gates
      seats = layout.seats
      places = layout.places
      addresses = layout.addresses
      for (host, seat) in seats { for address in seat.all { hostsByAddress["\(address)"] = host } }
    }

    func place(ofRouter lan: String, _ plan: Plan) -> Place {
      let router = plan.lan(named: lan)?.router
      return places.place(in: router?.upstream, region: router?.region)
    }

    /// A new seat for a host, in that LAN or on the internet.
    mutating func move(
      _ host: String, to lan: String?, _ plan: Plan
    ) -> (NetworkModel.InterfaceID?, AddressPlan.Seat, Place) {
      let description = plan.host(named: host)
      let seat = addresses.seat(in: lan, description?.families ?? .ipv4)
      seats[host] = seat
      for address in seat.all { hostsByAddress["\(address)"] = host }
      return (interfaces[host], seat, places.place(in: lan, region: description?.region))
    }

    /// Gives each router that is a kernel its rules.
    func applyKernelRouters(in laboratory: Laboratory) throws {
      for (_, gate) in gates.sorted(by: { $0.key < $1.key }) {
        guard case .linux(let name, _, let router, let external) = gate else { continue }
        try router.apply(to: name, external: external, in: laboratory)
      }
    }

    /// Other addresses outside for a LAN's router.
    mutating func renumber(_ lan: String, _ plan: Plan) -> [Address] {
      let router = plan.lan(named: lan)?.router
      let fresh = addresses.outside(of: router?.upstream, count: router?.nat.addresses ?? 1)
      if case .linux(let name, let wan, let kernel, _)? = gates[lan] {
        gates[lan] = .linux(name: name, wan: wan, kernel, external: fresh[0])
      }
      return fresh
    }
  }

  var changing: Changing { Changing(self) }

  /// The network, once.
  mutating func takeNetwork() -> Network {
    defer { network = Network(seed: 0) }
    return network
  }
}
