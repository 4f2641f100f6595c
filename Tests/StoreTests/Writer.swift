import Glibc
import Testing

/// The process `store-writer`, which stands beside the tests' own executable.
final class Writer {
  private let pid: pid_t
  private let output: CInt
  private var buffer: [UInt8] = []
  private var isReaped = false

  init(_ arguments: String...) throws {
    let own = try #require(realpath("/proc/self/exe", nil))
    defer { free(own) }
    let path = String(cString: own)
    let slash = try #require(path.lastIndex(of: "/"))
    let executable = "\(path[..<slash])/store-writer"

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

  deinit {
    kill()
    close(output)
  }

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

  /// All lines to the end.
  func lines() -> [String] {
    var lines: [String] = []
    while let line = line() { lines.append(line) }
    return lines
  }

  func kill() {
    if isReaped { return }
    isReaped = true
    Glibc.kill(pid, SIGKILL)
    var status: CInt = 0
    waitpid(pid, &status, 0)
  }
}
