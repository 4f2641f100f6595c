import Glibc
import Testing

@testable import MeshworkControl

/// The executable itself, as a shell sees it.
@Suite("Commands", .timeLimit(.minutes(1)))
struct CommandTests {
  private let directory: TemporaryDirectory

  init() throws { directory = try TemporaryDirectory() }

  struct Ended: Equatable {
    var code: Int32
    var output: String
    var errors: String
  }

  @Test(
    "The exit code and standard error tell what was wrong",
    arguments: [
      (["bogus"], 2, "Unexpected argument 'bogus'"),
      (["ping"], 2, "Missing expected argument"),
      (["ping", "nonsense"], 2, "\"nonsense\" is not a multiaddr"),
      (["ping", "/ip4/127.0.0.1/tcp/99999"], 2, "'/tcp'"),
      (["ping", "--count", "0", "/ip4/127.0.0.1/tcp/1"], 2, "--count must be from 1 to 1000"),
      (["perf", "--upload", "1X", "/ip4/127.0.0.1/tcp/1"], 2, "\"1X\" is not a size"),
      (["ping", "/ip4/127.0.0.1/tcp/1"], 1, "connection refused"),
      (["run", "--listen", "x"], 2, "--listen: \"x\" is not a multiaddr"),
      (["run", "--config", "/nowhere"], 2, "/nowhere: cannot be opened: No such file"),
      (["config", "check", "/nowhere"], 2, "/nowhere: cannot be opened: No such file"),
      (["status"], 1, "meshnode.sock (No such file or directory); start one with: meshnode run"),
      (["id", "--data", "/proc/nowhere"], 1, "/proc/nowhere"),
    ] as [([String], Int32, String)])
  func failures(arguments: [String], code: Int32, hint: String) throws {
    let ended = try run(arguments)
    #expect(ended.code == code)
    #expect(ended.errors.contains(hint), "\(ended.errors)")
    #expect(ended.output.isEmpty)
  }

  @Test func helpIsNoFailure() throws {
    let ended = try run(["--help"])
    #expect(ended.code == 0)
    #expect(ended.output.contains("USAGE: meshnode"))
  }

  @Test func theIdentityIsMadeOnce() throws {
    let first = try run(["id"])
    #expect(first.code == 0)
    #expect(first.output.hasPrefix("12D3KooW"))
    #expect(try run(["id"]) == first)
    #expect(try mode(of: directory.path("data/meshwork/identity.key")) == 0o600)
  }

  @Test func aFileIsCheckedAndShown() throws {
    let file = try directory.write("name = \"x\"\n", to: "right.toml")
    #expect(try run(["config", "check", file]) == Ended(code: 0, output: "", errors: ""))
    let ended = try run(["config", "check", "--show", file])
    #expect(ended.output.contains("name = \"x\"  # \(file):1\n"))
  }

  @Test func aNodeOnStandardStreamsLeavesWhenTheyEnd() throws {
    let ended = try run(
      ["run", "--api", "stdio", "--no-mdns", "--listen", "/ip4/127.0.0.1/tcp/0"],
      input: #"{"jsonrpc":"2.0","id":1,"method":"node.info"}"# + "\n")
    #expect(ended.code == 0)
    #expect(ended.errors.contains("listening on /ip4/127.0.0.1/tcp/"))
    let lines = try ended.output.split(separator: "\n").map { try json(String($0)) }
    #expect(lines.contains { $0["id"] == 1 })
    #expect(lines.contains { $0["params"]?["type"] == "ready" })
  }

  private func run(_ arguments: [String], input: String = "") throws -> Ended {
    let executable = try #require(realpath("/proc/self/exe")).replacingLastComponent(with: "meshnode")
    let paths = (try directory.write(input, to: "in"), directory.path("out"), directory.path("err"))
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    posix_spawn_file_actions_addopen(&actions, 0, paths.0, O_RDONLY, 0)
    posix_spawn_file_actions_addopen(&actions, 1, paths.1, O_WRONLY | O_CREAT | O_TRUNC, 0o600)
    posix_spawn_file_actions_addopen(&actions, 2, paths.2, O_WRONLY | O_CREAT | O_TRUNC, 0o600)
    let environment = [
      "HOME=\(directory.root)", "XDG_DATA_HOME=\(directory.path("data"))",
      "XDG_RUNTIME_DIR=\(directory.path("run"))",
      "LD_LIBRARY_PATH=\(getenv("LD_LIBRARY_PATH").map { String(cString: $0) } ?? "")",
    ]
    var process = pid_t()
    let rc = withStrings([executable] + arguments) { arguments in
      withStrings(environment) { posix_spawn(&process, executable, &actions, nil, arguments, $0) }
    }
    guard rc == 0 else { throw SystemError(rc) }
    var status: Int32 = 0
    while waitpid(process, &status, 0) < 0, errno == EINTR {}
    return Ended(
      code: status & 0x7F == 0 ? (status >> 8) & 0xFF : -(status & 0x7F), output: try TextFile.read(paths.1),
      errors: try TextFile.read(paths.2))
  }

  private func realpath(_ path: String) -> String? {
    guard let resolved = Glibc.realpath(path, nil) else { return nil }
    defer { free(resolved) }
    return String(cString: resolved)
  }

  private func withStrings<Result>(
    _ strings: [String], _ body: (UnsafePointer<UnsafeMutablePointer<CChar>?>) -> Result
  ) -> Result {
    var pointers = strings.map { strdup($0) } + [nil]
    defer { for pointer in pointers { free(pointer) } }
    return pointers.withUnsafeMutableBufferPointer { buffer in
      guard let base = buffer.baseAddress else { preconditionFailure("there is always the end") }
      return body(UnsafePointer(base))
    }
  }
}

extension String {
  fileprivate func replacingLastComponent(with name: String) -> String {
    let directory = lastIndex(of: "/").map { self[...$0] } ?? ""
    return directory + name
  }
}
