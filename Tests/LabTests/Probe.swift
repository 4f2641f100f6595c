import Glibc
import Lab
import Testing

/// Whether this machine lets anybody build a laboratory. Where it does not, `meshsim doctor` says why. In CI
/// nothing is left out: there it fails.
let isLaboratoryPossible = Doctor.examine().isLaboratoryPossible || getenv("CI") != nil

/// The process `lab-probe`, which stands beside the tests' own executable: one experiment each.
final class Probe {
  let pid: pid_t
  private let output: CInt
  private var buffer: [UInt8] = []

  init(_ arguments: String...) throws {
    let own = try #require(realpath("/proc/self/exe", nil))
    defer { free(own) }
    let path = String(cString: own)
    let slash = try #require(path.lastIndex(of: "/"))
    let executable = "\(path[..<slash])/lab-probe"

    var pipes: [CInt] = [0, 0]
    try #require(pipe(&pipes) == 0)
    for end in pipes { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    posix_spawn_file_actions_adddup2(&actions, pipes[1], 1)
    let strings = ([executable] + arguments).map { strdup($0) }
    defer { for string in strings { free(string) } }
    var pid: pid_t = 0
    let code = posix_spawn(&pid, executable, &actions, nil, strings + [nil], environ)
    close(pipes[1])
    output = pipes[0]
    self.pid = pid
    try #require(code == 0, "\(executable) cannot be started: errno \(code)")
  }

  deinit { close(output) }

  /// The next line, or nil when the process has ended and all was read.
  func line() -> String? {
    while true {
      if let end = buffer.firstIndex(of: UInt8(ascii: "\n")) {
        defer { buffer.removeSubrange(...end) }
        return String(decoding: buffer[..<end], as: UTF8.self)
      }
      var bytes = [UInt8](repeating: 0, count: 4096)
      let count = read(output, &bytes, bytes.count)
      if count <= 0 { return nil }
      buffer += bytes[..<count]
    }
  }

  /// All that is still to come, and how the process ended.
  func end() -> Findings {
    var lines: [(name: String, value: String)] = []
    while let line = line() {
      let space = line.firstIndex(of: " ") ?? line.endIndex
      lines.append((String(line[..<space]), String(line[space...].dropFirst())))
    }
    var status: CInt = 0
    waitpid(pid, &status, 0)
    return Findings(lines: lines, status: status & 0x7F == 0 ? status >> 8 & 0xFF : -(status & 0x7F))
  }
}

/// What an experiment printed: a name and a value a line.
struct Findings {
  let lines: [(name: String, value: String)]
  /// The exit status, or a signal, negative.
  let status: CInt

  subscript(name: String) -> String? { lines.first { $0.name == name }?.value }
  func number(_ name: String) -> Int? { self[name].flatMap { Int($0) } }
  func all(_ name: String) -> [String] { lines.filter { $0.name == name }.map(\.value) }
}

func findings(_ arguments: String...) throws -> Findings {
  switch arguments.count {
  case 1: try Probe(arguments[0]).end()
  default: try Probe(arguments[0], arguments[1]).end()
  }
}
