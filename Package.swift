// swift-tools-version: 6.2
import PackageDescription

// One concept, one target. The arrows below are the whole architecture; TidyTests holds the sources to them.

let strict: [SwiftSetting] = [
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("InternalImportsByDefault"),
  .enableUpcomingFeature("MemberImportVisibility"),
  .treatAllWarnings(as: .error),
]

let bytes: Target.Dependency = .product(name: "NIOCore", package: "swift-nio")
let http: Target.Dependency = .product(name: "NIOHTTP1", package: "swift-nio")
let posix: Target.Dependency = .product(name: "NIOPosix", package: "swift-nio")
let deques: Target.Dependency = .product(name: "DequeModule", package: "swift-collections")
let heaps: Target.Dependency = .product(name: "HeapModule", package: "swift-collections")
let ordered: Target.Dependency = .product(name: "OrderedCollections", package: "swift-collections")
let protobuf: Target.Dependency = .product(name: "SwiftProtobuf", package: "swift-protobuf")
let logging: Target.Dependency = .product(name: "Logging", package: "swift-log")
let arguments: Target.Dependency = .product(name: "ArgumentParser", package: "swift-argument-parser")
let toml: Target.Dependency = .product(name: "TOMLKit", package: "TOMLKit")
let grdb: Target.Dependency = .product(name: "GRDB", package: "GRDB.swift")
let sqlite: Target.Dependency = .product(name: "GRDBSQLite", package: "GRDB.swift")
let sodium: Target.Dependency = "CSodium"
let openssl: Target.Dependency = "COpenSSL"

/// A pure target and its test target.
func machine(
  _ name: String, uses ours: [Target.Dependency] = [], _ theirs: [Target.Dependency] = [],
  exclude: [String] = [], testedWith kit: Target.Dependency = "TestKit"
) -> [Target] {
  [
    .target(name: name, dependencies: ours + theirs, exclude: exclude, swiftSettings: strict),
    .testTarget(
      name: "\(name)Tests", dependencies: [.init(stringLiteral: name), kit] + ours + theirs,
      swiftSettings: strict),
  ]
}

let core: [Target] = [
  machine("Wire", [bytes, protobuf], exclude: ["Protobuf/Schema"]),
  machine("SansIO", [deques, heaps]),
  machine("Identity", uses: ["Wire", "SansIO"], [bytes, protobuf, sodium]),
  machine("Multistream", uses: ["Wire", "SansIO"], [bytes]),
  machine("Noise", uses: ["Wire", "SansIO", "Identity"], [bytes, protobuf, sodium, openssl]),
  machine("Yamux", uses: ["Wire", "SansIO"], [bytes, deques]),
  machine(
    "Connection", uses: ["Wire", "SansIO", "Identity", "Multistream", "Noise", "Yamux"], [bytes, deques]),
  machine("Ping", uses: ["Wire", "SansIO", "Identity"], [bytes]),
  machine("Identify", uses: ["Wire", "SansIO", "Identity"], [bytes, protobuf]),
  machine("GossipSub", uses: ["Wire", "SansIO", "Identity"], [bytes, deques, ordered, protobuf]),
  machine("Presence", uses: ["Wire", "SansIO", "Identity"], [bytes, ordered]),
  machine("Chat", uses: ["Wire", "SansIO", "Identity"], [bytes, deques, ordered, protobuf]),
  machine("LocalDiscovery", uses: ["Wire", "SansIO", "Identity"], [bytes, ordered]),
  machine("CircuitRelay", uses: ["Wire", "SansIO", "Identity"], [bytes, deques, ordered]),
  machine("DCUtR", uses: ["Wire", "SansIO", "Identity"], [bytes, deques, ordered]),
  machine("AutoNAT", uses: ["Wire", "SansIO", "Identity"], [bytes, deques, ordered]),
  machine("NetworkModel", uses: ["SansIO"], [deques, heaps]),
  machine("Perf", uses: ["Wire", "SansIO", "Identity"], [bytes]),
  machine(
    "Node",
    uses: [
      "Wire", "SansIO", "Identity", "Connection", "Ping", "Identify", "GossipSub", "Presence", "Chat",
      "LocalDiscovery", "CircuitRelay", "DCUtR", "AutoNAT", "Perf",
    ],
    [bytes, deques, ordered], testedWith: "NodeKit"),
].flatMap { $0 }

let shells: [Target] = [
  .systemLibrary(name: "CSodium", pkgConfig: "libsodium", providers: [.apt(["libsodium-dev"])]),
  .systemLibrary(name: "COpenSSL", pkgConfig: "libcrypto", providers: [.apt(["libssl-dev"])]),
  .target(
    name: "Store", dependencies: ["Chat", "Wire", "Identity", "SansIO", grdb, sqlite], swiftSettings: strict),
  .target(
    name: "Runtime",
    dependencies: [
      "Node", "Chat", "CircuitRelay", "AutoNAT", "LocalDiscovery", "Store", "Wire", "SansIO", "Identity",
      bytes, posix, logging,
    ],
    swiftSettings: strict),
  .target(
    name: "Meshwork",
    dependencies: [
      "Runtime", "Node", "Presence", "Chat", "CircuitRelay", "DCUtR", "AutoNAT", "LocalDiscovery", "Store",
      "Wire", "SansIO",
      "Identity", bytes, posix, deques, logging,
    ],
    swiftSettings: strict),
  .target(
    name: "MeshworkControl", dependencies: ["Meshwork", bytes, posix, logging, toml], swiftSettings: strict),
  .target(
    name: "Commands", dependencies: ["Meshwork", "MeshworkControl", arguments, logging], swiftSettings: strict
  ),
  .executableTarget(
    name: "meshnode",
    dependencies: ["Meshwork", "MeshworkControl", "Commands", "Terminal", arguments, logging],
    swiftSettings: strict
  ),
  .executableTarget(
    name: "meshrelay",
    dependencies: ["Meshwork", "MeshworkControl", "Commands", arguments, logging, bytes, posix, http],
    swiftSettings: strict
  ),
  .systemLibrary(name: "CNcurses", providers: [.apt(["libncurses-dev"])]),
  .systemLibrary(name: "CPcap", pkgConfig: "libpcap", providers: [.apt(["libpcap-dev"])]),
  .target(
    name: "Capture",
    dependencies: [
      "CPcap", "Wire", "SansIO", "Identity", "Multistream", "Noise", "Yamux", "Ping", "Identify", "GossipSub",
      "Chat", "Perf", "CircuitRelay", "DCUtR", "AutoNAT", bytes, deques,
    ], swiftSettings: strict),
  .target(name: "CLinux"),
  .target(
    name: "Lab", dependencies: ["CLinux", "NetworkModel", "SansIO"], swiftSettings: strict),
  .target(name: "Scenario", swiftSettings: strict),
  .target(
    name: "Verdict",
    dependencies: ["Scenario", "SansIO", "Capture", "GossipSub", "Identity", "Noise", "Wire"],
    swiftSettings: strict),
  .target(
    name: "Certify", dependencies: ["CLinux", "Lab", "NetworkModel", "SansIO"], swiftSettings: strict),
  .target(
    name: "Stage",
    dependencies: [
      "Scenario", "Lab", "NetworkModel", "Capture", "Verdict", "Identity", "Wire", "SansIO", bytes,
    ],
    swiftSettings: strict),
  .executableTarget(
    name: "meshsim",
    dependencies: [
      "Scenario", "Stage", "Certify", "CLinux", "Lab", "NetworkModel", "Verdict", "Capture", "SansIO",
      arguments,
    ],
    swiftSettings: strict),
  .target(name: "Terminal", dependencies: ["Meshwork", "CNcurses"], swiftSettings: strict),
  .executableTarget(name: "twonodes", dependencies: ["Meshwork"], swiftSettings: strict),
]

let tests: [Target] = [
  .target(
    name: "TestKit", dependencies: ["Wire", "SansIO", bytes, deques], path: "Tests/TestKit",
    swiftSettings: strict),
  .target(
    name: "NodeKit",
    dependencies: [
      "Node", "Chat", "CircuitRelay", "DCUtR", "LocalDiscovery", "Presence", "Wire", "SansIO", "Identity",
      bytes, heaps,
    ],
    path: "Tests/NodeKit", swiftSettings: strict),
  .testTarget(name: "TidyTests", swiftSettings: strict),
  .testTarget(
    name: "StoreTests",
    dependencies: ["store-writer", "Store", "Chat", "Wire", "SansIO", "Identity", grdb],
    swiftSettings: strict),
  .executableTarget(
    name: "store-writer", dependencies: ["Store", "Chat", "Wire", "SansIO", "Identity"],
    path: "Tests/Support/store-writer", swiftSettings: strict),
  .testTarget(
    name: "RuntimeTests",
    dependencies: [
      "Runtime", "Node", "LocalDiscovery", "Wire", "SansIO", "Identity", bytes, posix, logging,
      .product(name: "NIOEmbedded", package: "swift-nio"),
    ], swiftSettings: strict),
  .testTarget(
    name: "MeshworkTests",
    dependencies: ["Meshwork", "Runtime", "Node", "Identity", "Wire", bytes, posix, logging],
    swiftSettings: strict),
  .testTarget(
    name: "CaptureTests",
    dependencies: [
      "Capture", "Connection", "Wire", "SansIO", "Identity", "Noise", "Yamux", "Ping", "Identify",
      "GossipSub",
      "Chat", "Perf", "CircuitRelay", "DCUtR", "AutoNAT", "Scenario", "Verdict", "TestKit", bytes,
    ], swiftSettings: strict),
  .testTarget(
    name: "ScenarioTests", dependencies: ["Scenario", "meshsim", "Lab", "NetworkModel", "SansIO", "Verdict"],
    swiftSettings: strict),
  .testTarget(
    name: "CertifyTests", dependencies: ["Certify", "meshsim", "Lab", "NetworkModel", "SansIO"],
    swiftSettings: strict),
  .testTarget(
    name: "StageTests", dependencies: ["meshsim", "Lab", "Scenario"], swiftSettings: strict),
  .testTarget(name: "VerdictTests", dependencies: ["Scenario", "SansIO", "Verdict"], swiftSettings: strict),
  .executableTarget(
    name: "lab-probe", dependencies: ["Lab", "CLinux", "NetworkModel", "SansIO"],
    path: "Tests/Support/lab-probe", swiftSettings: strict),
  .testTarget(
    name: "LabTests", dependencies: ["lab-probe", "Lab", "NetworkModel", "SansIO"], swiftSettings: strict),
  .executableTarget(
    name: "mutants",
    dependencies: [
      "Meshwork", "MeshworkControl", "Commands", "Runtime", "Node", "Presence", "Scenario", arguments,
      logging,
    ],
    path: "Tests/Support/mutants", swiftSettings: strict),
  .testTarget(
    name: "TerminalTests", dependencies: ["Terminal", "Meshwork", "Identity", "CNcurses"],
    swiftSettings: strict),
  .executableTarget(
    name: "mdns-peer",
    dependencies: ["Runtime", "LocalDiscovery", "Identity", "Wire", "SansIO", bytes, posix],
    path: "Tests/Support/mdns-peer", swiftSettings: strict),
  .testTarget(
    name: "MeshworkControlTests",
    dependencies: ["meshnode", "MeshworkControl", "Meshwork", bytes, posix, logging],
    swiftSettings: strict),
  .executableTarget(
    name: "interop-peer", dependencies: ["Meshwork", "CSodium", bytes, logging],
    path: "Tests/Support/interop-peer", swiftSettings: strict),
]

/// `scripts/test bench`: every figure beside its bound, and the allocation counter it links in.
let benchmarks: [Target] = [
  .target(name: "MallocCount", path: "Tests/Support/MallocCount"),
  .executableTarget(
    name: "bench",
    dependencies: [
      "Meshwork", "Connection", "Yamux", "GossipSub", "Chat", "CircuitRelay", "Presence", "Node", "Store",
      "Identity", "Wire", "SansIO",
      "TestKit", "NodeKit", "CSodium", "COpenSSL",
      "MallocCount", bytes, posix, logging, arguments,
    ], path: "Tests/Benchmarks", exclude: ["Thresholds", "Peers", "Scenarios"],
    swiftSettings: strict),
]

/// The fuzz targets, which are built with flags of their own: only `scripts/fuzz` asks for them.
let fuzz: [Target] =
  Context.environment["MESHWORK_FUZZ"] == nil
  ? []
  : [
    .executableTarget(
      name: "fuzz",
      dependencies: [
        "Wire", "SansIO", "Identity", "Multistream", "Noise", "Yamux", "Connection", "Ping", "Identify",
        "Perf", "Chat", "LocalDiscovery", "AutoNAT", "CircuitRelay", "DCUtR",
        "Node", "Runtime", "MeshworkControl", "TestKit", bytes, protobuf,
      ],
      path: "Tests/Fuzz", exclude: ["Corpus"], swiftSettings: strict)
  ]

let package = Package(
  name: "meshwork",
  platforms: [.macOS(.v15)],
  products: [
    .library(name: "Meshwork", targets: ["Meshwork"]),
    .library(name: "MeshworkControl", targets: ["MeshworkControl"]),
    .library(name: "Scenario", type: .static, targets: ["Scenario"]),
    .executable(name: "meshnode", targets: ["meshnode"]),
    .executable(name: "meshrelay", targets: ["meshrelay"]),
    .executable(name: "meshsim", targets: ["meshsim"]),
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
    .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
    .package(url: "https://github.com/apple/swift-collections", from: "1.6.0"),
    .package(url: "https://github.com/apple/swift-protobuf", from: "1.39.0"),
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
    .package(url: "https://github.com/LebJe/TOMLKit", from: "0.6.0"),
    .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
  ],
  targets: core + shells + tests + benchmarks + fuzz,
  swiftLanguageModes: [.v6],
  cxxLanguageStandard: .cxx17
)
