import Glibc
import Logging
import Meshwork
import Testing

@testable import MeshworkControl

@Suite("Configuration")
struct ConfigurationTests {
  private let directory: TemporaryDirectory

  init() throws { directory = try TemporaryDirectory() }

  /// What is wrong with that text, without the path before it.
  private func problems(_ text: String, name: String = "node.toml") throws -> [String] {
    let path = try directory.write(text, to: name)
    return ConfigurationFile(path: path).problems.map { String($0.description.dropFirst(path.count + 1)) }
  }

  private func settings(_ text: String, name: String = "node.toml") throws -> Settings {
    try Settings.resolve(file: try directory.write(text, to: name))
  }

  private static let peer = "12D3KooWDpJ7As7BWAwRMfu1VU2WCqNjvq387JEYKDBj4kx6nXTN"

  // MARK: What is right

  @Test func aNodeNobodyConfiguredHasDefaults() throws {
    let settings = try Settings.resolve()
    #expect(settings.listen.map(\.description) == ["/ip4/0.0.0.0/tcp/0", "/ip6/::/tcp/0"])
    #expect(settings.mdns)
    #expect(settings.api == [.socket(path: nil)])
    #expect(settings.logLevel == .info)
    #expect(settings.presenceSilence == .seconds(45))
    #expect(settings.limits == Limits())
    #expect(settings.origin(of: .listen) == .standard)
  }

  @Test func everyKeyIsRead() throws {
    let settings = try settings(
      """
      name = "kitchen"
      listen = ["/ip4/127.0.0.1/tcp/4001"]   # here only
      announce = ['/dns4/example.org/tcp/4001']
      relays = ["/ip4/192.0.2.1/tcp/4001/p2p/\(Self.peer)"]
      bootstrap = [
        "/dnsaddr/example.org/p2p/\(Self.peer)",
      ]
      mdns = false
      api = ["stdio", "unix:/tmp/x.sock"]
      keylog = "/tmp/keys"
      log-level = "debug"
      data = "/var/lib/mesh"
      serve-bench = true
      presence.ready-delay-ms = 250
      presence.refresh-seconds = 1.5
      presence.scan-seconds = 2
      presence.silence-seconds = 5

      [limits]
      connections = 100
      connections-high-water = 50
      connections-low-water = 40
      connections-per-peer = 2
      connections-per-address = 7
      streams = 1000
      streams-per-connection = 256
      buffered-mib = 0
      """)
    #expect(settings.name == "kitchen")
    #expect(settings.listen.map(\.description) == ["/ip4/127.0.0.1/tcp/4001"])
    #expect(settings.announce.map(\.description) == ["/dns4/example.org/tcp/4001"])
    #expect(settings.relays.count == 1)
    #expect(settings.bootstrap.count == 1)
    #expect(!settings.mdns)
    #expect(settings.api == [.standardStreams, .socket(path: "/tmp/x.sock")])
    #expect(settings.keylog == "/tmp/keys")
    #expect(settings.logLevel == .debug)
    #expect(settings.data == "/var/lib/mesh")
    #expect(settings.serveBench)
    #expect(settings.presenceReadyDelay == .milliseconds(250))
    #expect(settings.presenceRefresh == .milliseconds(1500))
    #expect(settings.presenceScan == .seconds(2))
    #expect(settings.presenceSilence == .seconds(5))
    #expect(settings.limits.connectionsMax == 100)
    #expect(settings.limits.connectionsHighWater == 50)
    #expect(settings.limits.connectionsLowWater == 40)
    #expect(settings.limits.connectionsPerPeerMax == 2)
    #expect(settings.limits.connectionsPerAddressMax == 7)
    #expect(settings.limits.streamsMax == 1000)
    #expect(settings.limits.streamsPerConnectionMax == 256)
    #expect(settings.limits.bufferedBytesMax == .max)
    for key in SettingKey.allCases { #expect(settings.origin(of: key) != .standard, "\(key) is not read") }
  }

  @Test func theOriginalsFileIsRead() throws {
    let settings = try settings(
      """
      { "is_bootstrap_node": false, "listen_port": 4001,
        "relay_address": "/ip4/192.0.2.1/tcp/4001/p2p/\(Self.peer)/p2p-circuit",
        "bootstrap_nodes": ["/ip4/192.0.2.2/tcp/4001/p2p/\(Self.peer)"] }
      """, name: "config.json")
    #expect(settings.relays.map(\.description) == ["/ip4/192.0.2.1/tcp/4001/p2p/\(Self.peer)"])
    #expect(settings.bootstrap.map(\.description) == ["/ip4/192.0.2.2/tcp/4001/p2p/\(Self.peer)"])
    #expect(settings.listen.map(\.description) == ["/ip4/0.0.0.0/tcp/4001", "/ip6/::/tcp/4001"])
  }

  @Test func theOriginalsRelayAloneIsAlsoWhereToBegin() throws {
    let relay = "/ip4/192.0.2.1/tcp/4001/p2p/\(Self.peer)"
    let settings = try settings(#"{"relay_address": "\#(relay)/p2p-circuit"}"#, name: "anything")
    #expect(settings.bootstrap.map(\.description) == [relay])
  }

  @Test func theExampleAndTheManualAreComplete() throws {
    let root = #filePath.split(separator: "/").dropLast(3).map { "/\($0)" }.joined()
    let example = "\(root)/share/meshnode.toml"
    let defaults = try Settings.resolve()
    let settings = try Settings.resolve(file: example)
    #expect(settings.limits == defaults.limits)
    let text = try TextFile.read(example)
    let manual = try TextFile.read("\(root)/share/man/man1/meshnode.1")
    for key in SettingKey.allCases {
      if let value = defaults[key] { #expect(settings[key] == value, "\(key)") }
      #expect(text.contains("\(key.rawValue.split(separator: ".").last ?? "") = "), "\(key)")
      #expect(manual.contains(key.rawValue), "\(key)")
    }
    for method in ControlMethod.allCases { #expect(manual.contains(method.rawValue)) }
  }

  // MARK: What is wrong

  @Test(
    "Every mistake is named with its line, its key and what to do",
    arguments: [
      ("\nnmae = \"x\"", "2:nmae: unknown key; did you mean \"name\"?"),
      ("[presence]\n\nrefresh-second = 3", "3:presence.refresh-second: unknown key; did you mean"),
      ("[limit]\nconnections = 3", "2:limit.connections: unknown key; did you mean \"limits.connections\"?"),
      ("quux = 1", "1:quux: unknown key; there are name, listen"),
      ("presence = 3", "1:presence: is a table, not a whole number"),
      ("name = 7", "1:name: must be a string, not a whole number"),
      ("name = \"\"", "1:name: must be text of 1 to 64 bytes, not 0"),
      ("name = \"a\\u0007\"", "1:name: must not contain control characters"),
      ("mdns = \"yes\"", "1:mdns: must be true or false, not a string"),
      ("listen = \"/ip4/0.0.0.0/tcp/0\"", "1:listen: must be a list of multiaddrs"),
      ("listen = [1]", "1:listen: must hold strings only, not a whole number"),
      (
        "listen = [\n  \"/ip4/0.0.0.0/tcp/0\",\n  \"/ip4/0.0.0.0/tcp/x\"]",
        "3:listen: \"/ip4/0.0.0.0/tcp/x\" is not"
      ),
      (
        "listen = [\"/dns4/example.org/tcp/1\"]",
        "1:listen: \"/dns4/example.org/tcp/1\" is not of this machine"
      ),
      ("listen = [\"/ip4/127.0.0.1\"]", "1:listen: \"/ip4/127.0.0.1\" has no port; add /tcp/PORT"),
      ("relays = [\"/ip4/192.0.2.1/tcp/1\"]", "1:relays: \"/ip4/192.0.2.1/tcp/1\" does not say which peer"),
      ("announce = [\"nonsense\"]", "1:announce: \"nonsense\" is not a multiaddr"),
      ("api = [\"tcp:1\"]", "1:api: \"tcp:1\" is no interface; write stdio, unix or unix:PATH"),
      ("api = [\"stdio\", \"stdio\"]", "1:api: names the same interface twice"),
      ("log-level = \"loud\"", "1:log-level: \"loud\" is not a level; write one of trace, debug"),
      ("data = \"~/x\"", "1:data: \"~/x\" is taken as it stands"),
      ("keylog = 1979-05-27", "1:keylog: must be a path, as a string, not a date or time"),
      (
        "presence.ready-delay-ms = -1",
        "1:presence.ready-delay-ms: -1 is out of range; write 0 to 60000 milli"
      ),
      (
        "presence.scan-seconds = 0",
        "1:presence.scan-seconds: 0.0 is out of range; write 0.1 to 3600.0 seconds"
      ),
      ("presence.scan-seconds = inf", "1:presence.scan-seconds: inf is out of range"),
      ("limits.connections = 1.5", "1:limits.connections: must be a whole number from 0 to 1000000"),
      (
        "limits.buffered-mib = 9223372036854775807",
        "1:limits.buffered-mib: 9223372036854775807 is out of range"
      ),
      ("a = 1\nname = \n", "2: column "),
      ("name = \"a\"\nname = \"b\"", "2: column "),
      ("name = \"a", "1: column "),
    ])
  func mistakes(text: String, expected: String) throws {
    let found = try problems(text)
    #expect(found.count == 1)
    #expect(found.first?.hasPrefix(expected) == true, "\(found)")
  }

  /// Found by fuzzing: the TOML library ends the process on these.
  @Test(arguments: ["[= x", "[[ = ]]", "[]", "[ .a]", "name = \"x\"\n[\u{FF}]", "[", "[[", "\u{FEFF}[="])
  func aTableWithoutANameIsRefusedWithItsLine(text: String) throws {
    let found = try problems(text)
    #expect(found.count == 1, "\(found)")
    let line = text.split(separator: "\n").count
    #expect(found.first?.hasPrefix("\(line):") ?? false, "\(found)")
  }

  @Test func everyMistakeIsFoundNotOnlyTheFirst() throws {
    let found = try problems(
      """
      # '''not a string: "
      name = '''
      bootstrap = 3
      '''
      bootstap = []
      listen = ["/ip4/1", "/tcp/x"]
      [ presence ] # "
      "scan-seconds" = "often"
      """)
    #expect(
      found.map { $0.prefix { $0 != " " } } == [
        "2:name:", "5:bootstap:", "6:listen:", "6:listen:", "8:presence.scan-seconds:",
      ])
  }

  @Test(
    "Mistakes in the original's file",
    arguments: [
      ("{\n \"relay_adress\": \"x\"\n}", "2:relay_adress: unknown key; did you mean \"relay_address\"?"),
      ("{\"name\":\n \"x\"}", "1:name: unknown key"),
      ("{\"listen_port\": 70000}", "1:listen_port: 70000 is not a port"),
      ("{\"listen_port\": \"4001\"}", "1:listen_port: must be a port number, not a string"),
      ("{\"is_bootstrap_node\": 1}", "1:is_bootstrap_node: must be true or false, not a number"),
      ("{\"bootstrap_nodes\": \"x\"}", "1:bootstrap_nodes: must be a list of multiaddrs, not a string"),
      ("{\"bootstrap_nodes\": [\n\"x\"]}", "2:bootstrap_nodes: \"x\" is not a multiaddr"),
      (
        "{\n\"relay_address\": \"/ip4/your_vps_ip/tcp/4001/p2p/your_server_peer_id/p2p-circuit\"}",
        "2:relay_address: \"/ip4/your_vps_ip"
      ),
      ("[1]", "1: must be a JSON object"),
      ("{\n \"listen_port\": 1,\n}", "3: column 1: not JSON"),
      ("", "1: column 1: not JSON: there is no JSON here"),
    ])
  func mistakesInJSON(text: String, expected: String) throws {
    let found = try problems(text, name: "config.json")
    #expect(found.count == 1)
    #expect(found.first?.hasPrefix(expected) == true, "\(found)")
  }

  @Test func filesThatAreNoneAreExplained() throws {
    func problem(_ path: String) -> String { ConfigurationFile(path: path).problems.map(\.text).joined() }
    #expect(problem(directory.path("none")).contains("No such file or directory"))
    #expect(problem(directory.root).contains("is not a regular file"))
    #expect(problem("/dev/zero").contains("is not a regular file"))
    let pipe = directory.path("pipe")
    #expect(mkfifo(pipe, 0o600) == 0)
    #expect(problem(pipe).contains("is not a regular file"))
    let huge = try directory.write([UInt8](repeating: 0x20, count: TextFile.bytesMax + 1), to: "huge")
    #expect(problem(huge).contains("takes 1048577 bytes"))
    #expect(try problems("\nname = \"\0\"").first?.hasPrefix("2: this line has a zero byte") == true)
    let latin = try directory.write([0x0A, 0x0A, 0x23, 0xE9, 0x0A], to: "latin")
    #expect(ConfigurationFile(path: latin).problems.first?.line == 3)
  }

  @Test func aSilenceShorterThanTheBeatIsRefused() throws {
    let path = try directory.write("\n[presence]\nsilence-seconds = 10", to: "node.toml")
    #expect {
      try Settings.resolve(file: path)
    } throws: { "\($0)".hasPrefix("\(path):3:presence.silence-seconds: 10.0 seconds of silence") }
  }

  @Test func marksFollowTheLimitAndGoTogether() throws {
    let limits = try settings("limits.connections = 10").limits
    #expect(limits.connectionsHighWater == 10)
    #expect(limits.connectionsLowWater == 10)
    let path = try directory.write("limits.connections-low-water = 500", to: "node.toml")
    #expect {
      try Settings.resolve(file: path)
    } throws: { "\($0)".hasPrefix("\(path):1:limits.connections-low-water: 500 is more than the 192") }
  }

  @Test func nothingThatIsReadCanTrap() throws {
    let text = Array("a.\"b\" = ['''x''', {c=\"\\\"\"}]\n[[t]] # x\n\"k\"=\"\"\"\n\"\"\"\n".utf8)
    for end in text.indices {
      let part = String(decoding: text[..<end], as: UTF8.self)
      _ = SourceText(toml: part).line(of: "a.b", element: "x")
      _ = SourceText(json: part).line(of: "k", element: "")
      _ = try problems(part)
    }
  }
}
