import Meshwork
import Testing

@testable import MeshworkControl

@Suite("Flag before environment before file before default")
struct PrecedenceTests {
  private let directory: TemporaryDirectory

  init() throws { directory = try TemporaryDirectory() }

  @Test func theNearerLayerWins() throws {
    let file = try directory.write("name = \"file\"\nmdns = false\nkeylog = \"/file\"", to: "node.toml")
    let environment = ["MESHNODE_NAME": "environment", "MESHNODE_KEYLOG": "/environment"]
    let settings = try Settings.resolve(
      flags: [.name: .string("flag")], environment: environment, file: file)
    #expect(settings.name == "flag")
    #expect(settings.origin(of: .name) == .flag("--name"))
    #expect(settings.keylog == "/environment")
    #expect(settings.origin(of: .keylog) == .environment(variable: "MESHNODE_KEYLOG"))
    #expect(!settings.mdns)
    #expect(settings.origin(of: .mdns) == .file(path: file, line: 2))
    #expect(settings.origin(of: .listen) == .standard)
    #expect(settings.listing.contains("mdns = false  # \(file):2"))
    #expect(settings.listing.contains("name = \"flag\"  # --name"))
    #expect(settings.listing.contains("limits.connections is not set"))
  }

  @Test func everyKeyHasAVariable() throws {
    let peer = "12D3KooWDpJ7As7BWAwRMfu1VU2WCqNjvq387JEYKDBj4kx6nXTN"
    let values: [SettingKey: String] = [
      .name: "n", .listen: "/ip4/127.0.0.1/tcp/1,/ip6/::1/tcp/1", .announce: "/dns4/a.example/tcp/1",
      .relays: "/ip4/192.0.2.1/tcp/1/p2p/\(peer)", .bootstrap: "/ip4/192.0.2.1/tcp/1/p2p/\(peer)",
      .mdns: "off",
      .api: "stdio,unix:/tmp/s", .keylog: "/k", .logLevel: "TRACE", .data: "/d", .serveBench: "1",
      .presenceReadyDelay: "1", .presenceRefresh: "2.5", .presenceScan: "3", .presenceSilence: "9",
      .connectionsMax: "1", .connectionsHighWater: "1", .connectionsLowWater: "1",
      .connectionsPerPeerMax: "1",
      .connectionsPerAddressMax: "1", .streamsMax: "1", .streamsPerConnectionMax: "1", .bufferedMax: "1",
    ]
    let environment = Dictionary(uniqueKeysWithValues: values.map { ($0.key.variable, $0.value) })
    let settings = try Settings.resolve(environment: environment)
    for key in SettingKey.allCases {
      #expect(settings.origin(of: key) == .environment(variable: key.variable))
    }
    #expect(SettingKey.presenceReadyDelay.variable == "MESHNODE_PRESENCE_READY_DELAY_MS")
    #expect(settings.listen.count == 2)
    #expect(settings.api == [.standardStreams, .socket(path: "/tmp/s")])
    #expect(settings.presenceRefresh == .milliseconds(2500))
    #expect(!settings.mdns)
    #expect(settings.serveBench)
  }

  @Test func theEnvironmentMayNameTheFile() throws {
    let file = try directory.write("name = \"file\"", to: "node.toml")
    #expect(try Settings.resolve(environment: ["MESHNODE_CONFIG": file]).name == "file")
  }

  @Test func emptyVariablesAreNotSetAndUnknownOnesAreNoted() throws {
    let settings = try Settings.resolve(environment: [
      "MESHNODE_NAME": "", "MESHNODE_LISEN": "x", "HOME": "/",
    ])
    #expect(settings.name == nil)
    #expect(
      settings.warnings == [
        "MESHNODE_LISEN has no effect: there is no such setting; did you mean \"MESHNODE_LISTEN\"?"
      ])
  }

  @Test func mistakesNameTheirLayer() throws {
    func message(_ flags: [SettingKey: RawSetting], _ environment: [String: String]) -> String {
      do {
        _ = try Settings.resolve(flags: flags, environment: environment)
        return "nothing wrong"
      } catch {
        return "\(error)"
      }
    }
    #expect(message([.listen: .array([.string("x")])], [:]).hasPrefix("--listen: \"x\" is not a multiaddr"))
    #expect(message([:], ["MESHNODE_MDNS": "maybe"]) == "MESHNODE_MDNS: must be true or false, not a string")
    #expect(
      message([:], ["MESHNODE_LIMITS_CONNECTIONS": "-1", "MESHNODE_NAME": String(repeating: "x", count: 65)])
        .split(separator: "\n").count == 2)
  }
}

@Suite("Byte counts")
struct ByteCountTests {
  @Test(
    arguments: [
      ("0", 0), ("100", 100), ("100M", 100_000_000), ("1GiB", 1 << 30), ("1gib", 1 << 30), ("1.5KiB", 1536),
      ("2k", 2000), ("1Ti", 1 << 40), ("18446744073709551615", UInt64.max), ("7B", 7),
    ] as [(String, UInt64)])
  func read(text: String, bytes: UInt64) { #expect(ByteCount(text)?.bytes == bytes) }

  @Test(arguments: [
    "", "M", "-1", "1X", "1.2.3", "18446744073709551616", "99999999999T", "1 M", "١", "inf", "1e3",
  ])
  func refused(text: String) { #expect(ByteCount(text) == nil) }
}

@Suite("Directories")
struct DirectoryTests {
  @Test func theSpecificationIsFollowed() throws {
    let full = try Directories(
      data: nil, environment: ["XDG_DATA_HOME": "/d", "XDG_RUNTIME_DIR": "/r", "HOME": "/h"])
    #expect(full.data == "/d/meshwork")
    #expect(full.socket == "/r/meshwork/meshnode.sock")
    let bare = try Directories(data: nil, environment: ["HOME": "/h", "XDG_DATA_HOME": "relative"])
    #expect(bare.data == "/h/.local/share/meshwork")
    #expect(bare.socket == "/h/.local/share/meshwork/meshnode.sock")
    let own = try Directories(data: "here", environment: ["XDG_RUNTIME_DIR": "/r"])
    #expect(own.socket == "here/meshnode.sock")
    #expect(throws: DirectoryError.noHome) { try Directories(data: nil, environment: [:]) }
  }

  @Test func whatIsMissingIsCreatedForOneUserAlone() throws {
    let directory = try TemporaryDirectory()
    let directories = try Directories(data: directory.path("a/b"), environment: [:])
    try directories.createForData()
    try directories.createForSocket()
    #expect(try mode(of: directory.path("a")) == 0o700)
    #expect(try mode(of: directory.path("a/b")) == 0o700)
  }

  @Test func whatIsNoDirectoryIsExplained() throws {
    let directory = try TemporaryDirectory()
    let file = try directory.write("", to: "file")
    #expect {
      try Directories(data: file, environment: [:]).createForData()
    } throws: { "\($0)".contains("not a directory") && "\($0)".contains("--data DIR") }
  }
}
