// Which target may import what. The table of the design, as data.
//
// A new target gets a line here and in Package.swift; the tests compare the two.

struct Room {
  enum Kind {
    /// A protocol or a value: no sockets, clocks, tasks, locks.
    case core
    /// Where the machines meet the world.
    case shell
    /// A C library's module map.
    case system
    /// Shared by tests, under Tests.
    case testSupport
  }

  let kind: Kind
  /// Targets of this package, as in Package.swift.
  let ours: Set<String>
  /// Modules of other packages and of the system.
  let theirs: Set<String>

  static func core(_ ours: Set<String> = [], and theirs: Set<String>) -> Room {
    Room(kind: .core, ours: ours, theirs: theirs)
  }

  static func shell(_ ours: Set<String>, and theirs: Set<String>) -> Room {
    Room(kind: .shell, ours: ours, theirs: theirs.union(system))
  }

  /// What a shell may ask of the system. Full Foundation costs every node process megabytes, so it is not
  /// here.
  private static let system: Set<String> = [
    "Glibc", "Musl", "Darwin", "FoundationEssentials", "Synchronization", "Dispatch",
  ]
}

let rooms: [String: Room] = [
  "Wire": .core(and: ["NIOCore", "SwiftProtobuf"]),
  "SansIO": .core(and: ["DequeModule", "HeapModule"]),
  "Identity": .core(["Wire", "SansIO", "CSodium"], and: ["NIOCore", "SwiftProtobuf"]),

  "Multistream": .core(["Wire", "SansIO"], and: ["NIOCore"]),
  "Noise": .core(["Wire", "SansIO", "Identity", "CSodium", "COpenSSL"], and: ["NIOCore", "SwiftProtobuf"]),
  "Yamux": .core(["Wire", "SansIO"], and: ["NIOCore", "DequeModule"]),
  "Connection": .core(
    ["Wire", "SansIO", "Identity", "Multistream", "Noise", "Yamux"], and: ["NIOCore", "DequeModule"]),

  "Ping": .core(["Wire", "SansIO", "Identity"], and: ["NIOCore"]),
  "Identify": .core(["Wire", "SansIO", "Identity"], and: ["NIOCore", "SwiftProtobuf"]),
  "GossipSub": .core(
    ["Wire", "SansIO", "Identity"], and: ["NIOCore", "DequeModule", "OrderedCollections", "SwiftProtobuf"]),
  "Presence": .core(["Wire", "SansIO", "Identity"], and: ["NIOCore", "OrderedCollections"]),
  "Chat": .core(
    ["Wire", "SansIO", "Identity"], and: ["NIOCore", "DequeModule", "OrderedCollections", "SwiftProtobuf"]),
  "LocalDiscovery": .core(["Wire", "SansIO", "Identity"], and: ["NIOCore", "OrderedCollections"]),
  "CircuitRelay": .core(
    ["Wire", "SansIO", "Identity"], and: ["NIOCore", "DequeModule", "OrderedCollections"]),
  "DCUtR": .core(
    ["Wire", "SansIO", "Identity"], and: ["NIOCore", "DequeModule", "OrderedCollections"]),
  "AutoNAT": .core(["Wire", "SansIO", "Identity"], and: ["NIOCore", "DequeModule", "OrderedCollections"]),
  "NetworkModel": .core(["SansIO"], and: ["DequeModule", "HeapModule"]),
  "Perf": .core(["Wire", "SansIO", "Identity"], and: ["NIOCore"]),
  "Node": .core(
    [
      "Wire", "SansIO", "Identity", "Connection", "Ping", "Identify", "GossipSub", "Presence", "Chat",
      "LocalDiscovery", "CircuitRelay", "DCUtR", "AutoNAT", "Perf",
    ],
    and: ["NIOCore", "DequeModule", "OrderedCollections"]),

  "CSodium": Room(kind: .system, ours: [], theirs: []),
  "COpenSSL": Room(kind: .system, ours: [], theirs: []),
  "Store": .shell(["Chat", "Wire", "Identity", "SansIO"], and: ["GRDB", "GRDBSQLite"]),
  "Runtime": .shell(
    ["Node", "Chat", "CircuitRelay", "AutoNAT", "LocalDiscovery", "Store", "Wire", "SansIO", "Identity"],
    and: ["NIOCore", "NIOPosix", "Logging"]),
  "Scenario": .core(and: []),
  "Verdict": .core(["Scenario", "SansIO", "Capture", "GossipSub", "Identity", "Noise", "Wire"], and: []),
  "Stage": .shell(
    ["Scenario", "Lab", "NetworkModel", "Capture", "Verdict", "Identity", "Wire", "SansIO"],
    and: ["NIOCore", "FoundationEssentials"]),
  "meshsim": .shell(
    ["Scenario", "Stage", "Certify", "CLinux", "Lab", "NetworkModel", "Verdict", "Capture", "SansIO"],
    and: ["FoundationEssentials", "Synchronization", "ArgumentParser"]),
  "Certify": .shell(["CLinux", "Lab", "NetworkModel", "SansIO"], and: []),
  "CPcap": Room(kind: .system, ours: [], theirs: []),
  "Capture": .shell(
    [
      "CPcap", "Wire", "SansIO", "Identity", "Multistream", "Noise", "Yamux", "Ping", "Identify", "GossipSub",
      "Chat", "Perf", "CircuitRelay", "DCUtR", "AutoNAT",
    ], and: ["NIOCore", "DequeModule"]),
  "CLinux": Room(kind: .system, ours: [], theirs: []),
  "Lab": .shell(["CLinux", "NetworkModel", "SansIO"], and: []),
  "Meshwork": .shell(
    [
      "Runtime", "Node", "Presence", "Chat", "CircuitRelay", "DCUtR", "AutoNAT", "LocalDiscovery", "Store",
      "Wire", "SansIO", "Identity",
    ],
    and: ["NIOCore", "NIOPosix", "Logging", "DequeModule"]),
  "MeshworkControl": .shell(["Meshwork"], and: ["NIOCore", "NIOPosix", "Logging", "TOMLKit"]),
  "CNcurses": Room(kind: .system, ours: [], theirs: []),
  "Terminal": .shell(["Meshwork", "CNcurses"], and: []),
  "Commands": .shell(["Meshwork", "MeshworkControl"], and: ["ArgumentParser", "Logging"]),
  "meshnode": .shell(
    ["Meshwork", "MeshworkControl", "Commands", "Terminal"], and: ["ArgumentParser", "Logging"]),
  "meshrelay": .shell(
    ["Meshwork", "MeshworkControl", "Commands"],
    and: ["ArgumentParser", "Logging", "NIOCore", "NIOPosix", "NIOHTTP1"]),
  "twonodes": .shell(["Meshwork"], and: []),

  "interop-peer": Room(
    kind: .testSupport, ours: ["Meshwork", "CSodium"], theirs: ["Foundation", "Logging", "NIOCore"]),
  "fuzz": Room(
    kind: .testSupport,
    ours: [
      "Wire", "SansIO", "Identity", "Multistream", "Noise", "Yamux", "Connection", "Ping", "Identify", "Perf",
      "Chat", "LocalDiscovery", "AutoNAT", "DCUtR", "CircuitRelay", "Node", "Runtime", "MeshworkControl",
      "TestKit",
    ], theirs: ["NIOCore", "SwiftProtobuf"]),
  "MallocCount": Room(kind: .testSupport, ours: [], theirs: []),
  "bench": Room(
    kind: .testSupport,
    ours: [
      "Meshwork", "Connection", "Yamux", "GossipSub", "Chat", "CircuitRelay", "Store", "Identity", "Wire",
      "SansIO", "Presence", "Node", "TestKit", "NodeKit",
      "CSodium", "COpenSSL", "MallocCount",
    ],
    theirs: ["NIOCore", "NIOPosix", "Logging", "ArgumentParser"]),
  "store-writer": Room(
    kind: .testSupport, ours: ["Store", "Chat", "Wire", "SansIO", "Identity"], theirs: ["Glibc"]),
  "mdns-peer": Room(
    kind: .testSupport, ours: ["Runtime", "LocalDiscovery", "Identity", "Wire", "SansIO"],
    theirs: ["NIOCore", "NIOPosix", "Glibc"]),
  "mutants": Room(
    kind: .testSupport,
    ours: ["Meshwork", "MeshworkControl", "Commands", "Runtime", "Node", "Presence", "Scenario"],
    theirs: ["ArgumentParser", "Logging", "Foundation", "FoundationEssentials"]),
  "lab-probe": Room(
    kind: .testSupport, ours: ["Lab", "CLinux", "NetworkModel", "SansIO"], theirs: ["Glibc"]),
  "NodeKit": Room(
    kind: .testSupport,
    ours: [
      "Node", "Chat", "CircuitRelay", "DCUtR", "LocalDiscovery", "Presence", "Wire", "SansIO", "Identity",
    ],
    theirs: ["NIOCore", "HeapModule"]),
  "TestKit": Room(kind: .testSupport, ours: ["Wire", "SansIO"], theirs: ["NIOCore", "DequeModule"]),
]
