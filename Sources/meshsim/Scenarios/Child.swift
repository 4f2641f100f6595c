import CLinux
import FoundationEssentials
import Glibc
import Synchronization

/// A program run to its end, with limits on its time and on what it says. Its input is empty. It has a
/// session of its own, so that what it starts ends with it, and it ends itself when this process does.
enum Child {
  struct Result {
    let ending: Ending
    let output: [UInt8]
    let error: [UInt8]

    var outputText: String { String(decoding: output, as: UTF8.self) }
    var errorText: String { String(decoding: error, as: UTF8.self) }
  }

  enum Ending: Equatable {
    case exited(Int32)
    case killed(signal: Int32)
    case tookTooLong
    case saidTooMuch
  }

  /// What a plan of a thousand hosts needs, many times over.
  static let outputBytesMax = 64 << 20
  private static let openFilesMax = 4096

  /// Runs the program at `arguments[0]` with this process's environment and these changes.
  static func run(
    _ arguments: [String], limit: Duration, environment changes: [String: String] = [:]
  ) throws(ScenarioFailure) -> Result {
    var pipes: [[Int32]] = []
    defer { for descriptor in pipes.joined() { close(descriptor) } }
    for _ in 0..<2 { pipes.append(try closedOnExec(for: arguments[0])) }
    let pid = try spawn(arguments, output: pipes[0][1], error: pipes[1][1], changes)
    for index in pipes.indices {
      close(pipes[index].removeLast())
    }
    let deadline = ContinuousClock.now + limit
    var texts: [[UInt8]] = [[], []]
    let early = read(pipes.map { $0[0] }, into: &texts, until: deadline)
    if early != nil { kill(-pid, SIGKILL) }
    let ending = waitForEnd(pid, until: deadline)
    kill(-pid, SIGKILL)  // what it left running
    return Result(ending: early ?? ending, output: texts[0], error: texts[1])
  }

  private static func closedOnExec(for program: String) throws(ScenarioFailure) -> [Int32] {
    var ends: [Int32] = [-1, -1]
    let status = linux_pipe(&ends)
    guard status == 0 else {
      throw ScenarioFailure(.machine, "no pipe for \(program): \(String(cString: strerror(-status)))")
    }
    return ends
  }

  private static func spawn(
    _ arguments: [String], output: Int32, error: Int32, _ changes: [String: String]
  ) throws(ScenarioFailure) -> pid_t {
    let input = open("/dev/null", O_RDONLY | O_CLOEXEC)
    defer { close(input) }
    let environment = ProcessInfo.processInfo.environment.merging(changes) { $1 }
    let argv = arguments.map { strdup($0) } + [nil]
    let envp = environment.map { strdup("\($0.key)=\($0.value)") } + [nil]
    defer { for text in argv + envp { free(text) } }
    let pid = argv.withUnsafeBufferPointer { argv in
      envp.withUnsafeBufferPointer { envp in
        var what = linux_spawn()
        what.path = argv[0].map { UnsafePointer($0) }
        what.arguments = argv.baseAddress
        what.environment = envp.baseAddress
        (what.input, what.output, what.error) = (input, output, error)
        what.open_files = Int32(openFilesMax)
        what.own_session = 1
        return linux_spawn(&what)
      }
    }
    guard pid > 0 else {
      throw ScenarioFailure(.machine, "\(arguments[0]) does not start: \(String(cString: strerror(-pid)))")
    }
    return pid
  }

  /// Until both are closed. Nil, or why it stopped before.
  private static func read(
    _ descriptors: [Int32], into texts: inout [[UInt8]], until deadline: ContinuousClock.Instant
  ) -> Ending? {
    var open = descriptors.map { pollfd(fd: $0, events: Int16(POLLIN), revents: 0) }
    var buffer = [UInt8](repeating: 0, count: 1 << 16)
    while open.contains(where: { $0.fd >= 0 }) {
      let left = deadline - .now
      if left <= .zero { return .tookTooLong }
      let ms = min(left.components.seconds * 1000 + 100, 1000)
      guard poll(&open, nfds_t(open.count), Int32(ms)) >= 0 || errno == EINTR else { return nil }
      for index in open.indices where open[index].fd >= 0 && open[index].revents != 0 {
        let count = Glibc.read(open[index].fd, &buffer, buffer.count)
        if count > 0 { texts[index].append(contentsOf: buffer[..<count]) }
        if count == 0 || (count < 0 && errno != EINTR && errno != EAGAIN) { open[index].fd = -1 }
        if texts[index].count > outputBytesMax { return .saidTooMuch }
      }
    }
    return nil
  }

  private static func waitForEnd(_ pid: pid_t, until deadline: ContinuousClock.Instant) -> Ending {
    var status: Int32 = 0
    while true {
      let ended = waitpid(pid, &status, WNOHANG)
      if ended == pid { break }
      if ended < 0, errno != EINTR { return .killed(signal: 0) }
      if ContinuousClock.now > deadline { kill(-pid, SIGKILL) }
      usleep(500)
    }
    let signal = status & 0x7F
    if signal == 0 { return .exited((status >> 8) & 0xFF) }
    return .killed(signal: signal)
  }
}

/// Numbers for names that must differ within this process.
enum Ordinal {
  private static let count = Atomic<Int>(0)

  static func next() -> Int {
    count.add(1, ordering: .relaxed).newValue
  }
}
