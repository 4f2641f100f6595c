import Glibc
import Identity
import Lab
import NetworkModel
import SansIO
import Scenario

/// Who plays which host: identities made from the seed, and the command lines of the programs.
struct Cast: Sendable {
  let plan: Plan
  let directory: RunDirectory
  /// The folder of the scenario's file.
  let here: String
  /// Our executables by name.
  let programs: Programs
  private let keys: [String: KeyPair]
  private let hostsByPeer: [String: String]

  package struct Programs: Sendable {
    var meshnode: String
    var meshrelay: String
  }

  init(_ plan: Plan, in directory: RunDirectory, here: String, _ programs: Programs) {
    self.plan = plan
    self.directory = directory
    self.here = here
    self.programs = programs
    var keys: [String: KeyPair] = [:]
    let generator = SeededGenerator(seed: plan.seed).fork("identities")
    for host in plan.hosts {
      var own = generator.fork(host.name)
      let seed = (0..<4).flatMap { _ in withUnsafeBytes(of: own.next().bigEndian, Array.init) }
      keys[host.name] = try? KeyPair(seed: seed)
    }
    self.keys = keys
    hostsByPeer = Dictionary(
      keys.map { ("\($1.peerID)", $0) }, uniquingKeysWith: { first, _ in first })
  }

  var peers: [String: String] { keys.mapValues { "\($0.peerID)" } }
  func peerID(of host: String) -> String { keys[host].map { "\($0.peerID)" } ?? "" }
  func host(of peer: String) -> String? { hostsByPeer[peer] }
  func keyFile(of host: String) -> String { "\(directory.data(of: host))/identity.key" }
  func identity(of host: String) -> [UInt8] { keys[host]?.protobuf ?? [] }

  /// Each program's folder with its identity.
  func prepareData(in directory: RunDirectory) throws(StageError) {
    mkdir(directory.data, 0o755)
    for host in plan.hosts {
      mkdir(directory.data(of: host.name), 0o700)
      let path = keyFile(of: host.name)
      let file = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
      let key = identity(of: host.name)
      guard file >= 0, write(file, key, key.count) == key.count else {
        throw StageError("\(path) cannot be written: \(String(cString: strerror(errno)))")
      }
      close(file)
    }
  }

  // MARK: Addresses

  /// Where a host can be dialled, if it is not behind a NAT: IPv4 first.
  func multiaddresses(of host: String, at seat: AddressPlan.Seat?) -> [String] {
    let port = plan.host(named: host)?.port ?? 4001
    let places = [seat?.ipv4.map { "/ip4/\($0)" }, seat?.ipv6.map { "/ip6/\($0)" }].compactMap { $0 }
    return places.map { "\($0)/tcp/\(port)/p2p/\(peerID(of: host))" }
  }

  /// Fills in `${host.what}` and `${here}`; what is none of these stays.
  func substituting(_ text: String, seats: [String: AddressPlan.Seat]) -> String {
    var result = ""
    var rest = text[...]
    while let start = rest.firstRange(of: "${"), let end = rest[start.upperBound...].firstIndex(of: "}") {
      result += rest[..<start.lowerBound]
      let name = rest[start.upperBound..<end]
      result += value(of: name, seats) ?? "${\(name)}"
      rest = rest[rest.index(after: end)...]
    }
    return result + rest
  }

  private func value(of name: Substring, _ seats: [String: AddressPlan.Seat]) -> String? {
    if name == "here" { return here }
    guard let dot = name.lastIndex(of: ".") else { return nil }
    let host = String(name[..<dot])
    guard plan.host(named: host) != nil else { return nil }
    switch name[name.index(after: dot)...] {
    case "ip": return seats[host]?.ipv4.map { "\($0)" }
    case "ip6": return seats[host]?.ipv6.map { "\($0)" }
    case "peerId": return peerID(of: host)
    case "multiaddr": return multiaddresses(of: host, at: seats[host]).first
    case "keyFile": return keyFile(of: host)
    default: return nil
    }
  }

  // MARK: Programs

  /// The program of a host; nil for a computer, on which nothing runs. `endpoint` is where its API is.
  func program(
    of host: Plan.Host, start: Int, seats: [String: AddressPlan.Seat], endpoint: String = "stdio"
  ) -> ProcessDescription? {
    var description: ProcessDescription
    switch host.role {
    case .node(let options): description = node(host, options, endpoint, seats)
    case .relay(let options): description = relay(host, options, endpoint, seats)
    case .foreign(let command):
      description = ProcessDescription("program", "/bin/sh", ["-c", substituting(command, seats: seats)])
      description.output = .lines
      description.takesLines = true
    case .computer: return nil
    }
    let home = directory.data(of: host.name)
    for name in ["HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME", "XDG_RUNTIME_DIR"] {
      description.environment[name] = home
    }
    description.environment["XDG_CACHE_HOME"] = Environment.cacheHome
    description.directory = home
    description.logPath = directory.log(of: host.name, start: start)
    return description
  }

  private func node(
    _ host: Plan.Host, _ options: Plan.NodeOptions, _ endpoint: String, _ seats: [String: AddressPlan.Seat]
  ) -> ProcessDescription {
    var arguments = ["run", "--name", host.name] + common(host, endpoint, port: options.port)
    for known in options.bootstrap {
      arguments += multiaddresses(of: known, at: seats[known]).prefix(1).flatMap { ["--bootstrap", $0] }
    }
    for relay in options.relays {
      arguments += multiaddresses(of: relay, at: seats[relay]).prefix(1).flatMap { ["--relay", $0] }
    }
    if !options.findsNeighbours { arguments.append("--no-mdns") }
    let program = options.program.map { substituting($0, seats: seats) } ?? programs.meshnode
    var description = ProcessDescription("meshnode", program, arguments + filled(options.flags, seats))
    description.output = .api
    let timings = options.presence
    description.environment["MESHNODE_PRESENCE_READY_DELAY_MS"] = timings.readyDelayMs.short
    description.environment["MESHNODE_PRESENCE_REFRESH_SECONDS"] = timings.refreshSeconds.short
    description.environment["MESHNODE_PRESENCE_SCAN_SECONDS"] = timings.scanSeconds.short
    description.environment["MESHNODE_PRESENCE_SILENCE_SECONDS"] = timings.silenceSeconds.short
    return description
  }

  private func relay(
    _ host: Plan.Host, _ options: Plan.RelayOptions, _ endpoint: String, _ seats: [String: AddressPlan.Seat]
  ) -> ProcessDescription {
    let limits = options.limits.all.flatMap { ["--\($0.name)", "\($0.value)"] }
    let arguments =
      ["run"] + common(host, endpoint, port: options.port) + limits + filled(options.flags, seats)
    var description = ProcessDescription("meshrelay", programs.meshrelay, arguments)
    description.output = .api
    return description
  }

  private func filled(_ flags: [String], _ seats: [String: AddressPlan.Seat]) -> [String] {
    flags.map { substituting($0, seats: seats) }
  }

  private func common(_ host: Plan.Host, _ endpoint: String, port: Int) -> [String] {
    let listen =
      (host.families == .ipv6 ? [] : ["--listen", "/ip4/0.0.0.0/tcp/\(port)"])
      + (host.families == .ipv4 ? [] : ["--listen", "/ip6/::/tcp/\(port)"])
    return ["--data", directory.data(of: host.name), "--api", endpoint] + listen
      + ["--keylog", directory.keys(of: host.name), "--log-level", "info"]
  }
}

extension Plan.Host {
  fileprivate var port: Int {
    switch role {
    case .node(let options): options.port
    case .relay(let options): options.port
    case .foreign, .computer: 4001
    }
  }
}
