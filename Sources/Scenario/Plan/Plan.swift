/// A scenario as plain data: what its program prints, a run directory keeps as `scenario.json`, and the lab,
/// the simulation and the judge read.
///
/// Hosts and LANs are referred to by name, steps by number. Durations are milliseconds, with the unit in the
/// name. `line` is the line of the scenario's file that said it.
package struct Plan: Codable, Sendable, Equatable {
  package var name: String
  package var purpose = ""
  package var length = Length.short
  package var seed: UInt64
  package var tolerance = Tolerance()
  package var hosts: [Host] = []
  package var lans: [LAN] = []
  package var latencies: [Latency] = []
  package var steps: [Step] = []
  package var expectations: [Expectation] = []

  package init(name: String, seed: UInt64) {
    self.name = name
    self.seed = seed
  }
}

extension Plan {
  /// What a run may suffer and still count; beyond it the run is void.
  package struct Tolerance: Codable, Sendable, Equatable {
    /// How late the fabric may hand over a packet, at the 99th percentile.
    package var latenessP99Ms: Double = 5
    /// Packets that the fabric or a capture may lose beside those the models take.
    package var lostPackets: Int = 0
  }

  /// One machine: a namespace with one interface and at most one program.
  package struct Host: Codable, Sendable, Equatable {
    package var name: String
    package var role: Role
    /// The LAN it is in; none is the public internet.
    package var lan: String?
    package var link: Link
    /// Where on earth a host of the public internet is.
    package var region: String?
    package var families: Families
    /// Whether its packets are recorded.
    package var captures = true
    /// The kernel's `tcp_mtu_probing`.
    package var probesMTU = false
    package var line: Int
  }

  package enum Role: Codable, Sendable, Equatable {
    case node(options: NodeOptions)
    case relay(options: RelayOptions)
    /// A program of somebody else: a command line for `sh -c`.
    case foreign(command: String)
    /// Nothing runs there until a step runs a command.
    case computer
  }

  package struct NodeOptions: Codable, Sendable, Equatable {
    /// Hosts whose addresses it is given as `--bootstrap`.
    package var bootstrap: [String] = []
    /// Hosts whose addresses it is given as `--relay`.
    package var relays: [String] = []
    package var findsNeighbours = true
    package var port = 4001
    package var presence = PresenceTimings()
    /// What runs instead of `meshnode`, with the same command line and API.
    package var program: String?
    package var flags: [String] = []
  }

  package struct RelayOptions: Codable, Sendable, Equatable {
    package var port = 4001
    package var limits = RelayLimits()
    package var flags: [String] = []
  }

  /// A segment that only its members and its router reach.
  package struct LAN: Codable, Sendable, Equatable {
    package var name: String
    /// None is a LAN without the internet.
    package var router: Router?
    package var line: Int
  }

  /// What joins a LAN to the segment above it.
  package struct Router: Codable, Sendable, Equatable {
    package var nat: NAT
    package var firewall: Firewall
    package var link: Link
    /// The LAN it is in; none is the public internet.
    package var upstream: String?
    package var region: String?
  }

  /// One-way delay between two regions, the same in both directions.
  package struct Latency: Codable, Sendable, Equatable {
    package var between: String
    package var and: String
    package var delayMs: Double
  }
}

extension Plan {
  package func host(named name: String) -> Host? {
    hosts.first { $0.name == name }
  }

  package func lan(named name: String) -> LAN? {
    lans.first { $0.name == name }
  }

  /// Every step, in the order of the file, those of parallel branches too.
  package var allSteps: [Step] {
    steps.flatMap(\.withBranches)
  }
}

extension Plan.Host {
  package var node: Plan.NodeOptions? {
    if case .node(let options) = role { options } else { nil }
  }

  package var isRelay: Bool {
    if case .relay = role { true } else { false }
  }

  /// Whether the program is `meshnode` or `meshrelay`, which have an API, a key log and events.
  package var isOurs: Bool {
    switch role {
    case .node, .relay: true
    case .foreign, .computer: false
    }
  }
}
