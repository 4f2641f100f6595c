// The network: who is where.

extension Script {
  /// A node of ours, `meshnode`. Without `in` and `behind` it is on the public internet.
  ///
  /// - Parameters:
  ///   - lan: The LAN it is in.
  ///   - nat: A router of its own, between it and the LAN or the internet.
  ///   - link: Its access, outside its own router if it has one.
  ///   - addresses: IPv4 alone unless said otherwise, since NATs do nothing to IPv6.
  ///   - bootstrap: Whom it is told to dial.
  ///   - relays: Whose relay it is told to use.
  ///   - program: Another executable in place of `meshnode`, with its command line and API: an older version,
  ///     say. `${here}` is the folder of the scenario's file.
  ///   - flags: More arguments for `meshnode run`; what others' handles say of themselves is filled in.
  public func node(
    _ name: String, in lan: LAN? = nil, behind nat: NAT? = nil, firewall: Firewall = .open,
    link: Link = .perfect, region: Region? = nil, addresses: Families = .ipv4, knows bootstrap: Host...,
    relays: [Host] = [], findsNeighbours: Bool = true, port: Int = 4001,
    presence: PresenceTimings = PresenceTimings(), running program: String? = nil, flags: [String] = [],
    line: Int = #line
  ) -> Node {
    let options = Plan.NodeOptions(
      bootstrap: bootstrap.map(\.name), relays: relays.map(\.name), findsNeighbours: findsNeighbours,
      port: port, presence: presence, program: program, flags: flags)
    attach(
      name, .node(options: options), Place(lan, nat, firewall, link, region, addresses), line: line)
    return Node(name, self)
  }

  /// A relay of ours, `meshrelay`.
  ///
  /// - Parameter limits: What it grants, where that is not its default.
  public func relay(
    _ name: String, in lan: LAN? = nil, behind nat: NAT? = nil, firewall: Firewall = .open,
    link: Link = .perfect, region: Region? = nil, addresses: Families = .ipv4, port: Int = 4001,
    limits: RelayLimits = RelayLimits(), flags: [String] = [], line: Int = #line
  ) -> Relay {
    let options = Plan.RelayOptions(port: port, limits: limits, flags: flags)
    attach(
      name, .relay(options: options), Place(lan, nat, firewall, link, region, addresses), line: line)
    return Relay(name, self)
  }

  /// A program of somebody else, as a command line for `sh -c` in a folder of its own. `${here}` is the
  /// folder of the scenario's file; addresses of others come from their handles: `"peer --dial
  /// \(hub.multiaddr)"`.
  public func peer(
    _ name: String, running command: String, in lan: LAN? = nil, behind nat: NAT? = nil,
    firewall: Firewall = .open, link: Link = .perfect, region: Region? = nil, addresses: Families = .ipv4,
    line: Int = #line
  ) -> ForeignPeer {
    attach(
      name, .foreign(command: command), Place(lan, nat, firewall, link, region, addresses), line: line)
    return ForeignPeer(name, self)
  }

  /// A machine without a program, for commands.
  public func computer(
    _ name: String, in lan: LAN? = nil, behind nat: NAT? = nil, firewall: Firewall = .open,
    link: Link = .perfect, region: Region? = nil, addresses: Families = .ipv4, line: Int = #line
  ) -> Computer {
    attach(name, .computer, Place(lan, nat, firewall, link, region, addresses), line: line)
    return Computer(name, self)
  }

  /// A LAN. With a NAT it has a router towards the LAN it is in, or the internet; several make a chain, as
  /// with a carrier's. Without one it is an island.
  public func lan(
    _ name: String, behind nat: NAT? = nil, firewall: Firewall = .open, link: Link = .perfect,
    in upstream: LAN? = nil, region: Region? = nil, line: Int = #line
  ) -> LAN {
    let router = nat.map {
      Plan.Router(nat: $0, firewall: firewall, link: link, upstream: upstream?.name, region: region?.name)
    }
    add(Plan.LAN(name: name, router: router, line: line))
    return LAN(name, self)
  }

  /// One-way delay between two regions.
  public func latency(between region: Region, and other: Region, _ delay: Duration) {
    add(Plan.Latency(between: region.name, and: other.name, delayMs: delay.inMs))
  }

  /// How late the fabric may be, at the 99th percentile, before the run is void.
  public func tolerates(lateness: Duration, lostPackets: Int = 0) {
    changeTolerance {
      $0.latenessP99Ms = lateness.inMs
      $0.lostPackets = lostPackets
    }
  }

  /// Does not record the packets of these hosts; for large crowds.
  public func doesNotCapture(_ hosts: [Host]) {
    for host in hosts { changeHost(host.name) { $0.captures = false } }
  }

  /// Lets the kernels of these hosts probe for the path's MTU (`tcp_mtu_probing`).
  public func probesMTU(_ hosts: Host...) {
    for host in hosts { changeHost(host.name) { $0.probesMTU = true } }
  }

  private func attach(_ name: String, _ role: Plan.Role, _ place: Place, line: Int) {
    var host = Plan.Host(
      name: name, role: role, lan: place.lan?.name, link: place.link, region: place.region?.name,
      families: place.families, line: line)
    if let nat = place.nat {
      let home = lan(
        "\(name)-home", behind: nat, firewall: place.firewall, link: place.link, in: place.lan,
        region: place.region, line: line)
      host.lan = home.name
      host.link = .perfect
      host.region = nil
    }
    add(host)
    for region in [place.region?.name].compactMap({ $0 }) { addKnownLatencies(with: region) }
  }

  /// Between this region and those in use; what the scenario says itself comes later and wins.
  private func addKnownLatencies(with region: String) {
    let used = (plan.hosts.map(\.region) + plan.lans.map(\.router?.region)).compactMap { $0 }
    for latency in Region.knownLatencies
    where (latency.between == region && used.contains(latency.and))
      || (latency.and == region && used.contains(latency.between))
    {
      if !plan.latencies.contains(where: { $0.between == latency.between && $0.and == latency.and }) {
        add(latency)
      }
    }
  }
}

/// Where a host is.
private struct Place {
  let lan: LAN?
  let nat: NAT?
  let firewall: Firewall
  let link: Link
  let region: Region?
  let families: Families

  init(
    _ lan: LAN?, _ nat: NAT?, _ firewall: Firewall, _ link: Link, _ region: Region?, _ families: Families
  ) {
    self.lan = lan
    self.nat = nat
    self.firewall = firewall
    self.link = link
    self.region = region
    self.families = families
  }
}
