import CLinux
import Glibc
import SansIO

extension Host {
  /// Starts a program inside. Its log is opened by us, so it need not be reachable from inside.
  func spawn(
    _ description: ProcessDescription, watch: ProcessWatch, events: EventLog
  ) throws(LabError) -> HostProcess {
    let path = try Self.find(description.executable)
    let log = try attempting("open the log of \(description.name)") { () throws(SystemError) in
      try LogFile(path: description.logPath, bytesMax: description.logBytesMax)
    }
    let pipes = try attempting("start \(description.name)") { () throws(SystemError) in
      (input: try Descriptor.pipe(), output: try Descriptor.pipe(), error: try Descriptor.pipe())
    }
    let pid = try perform("start \(description.name)") { _ throws(SystemError) in
      try Self.start(
        path, description, pipes.input.reading.number, pipes.output.writing.number,
        pipes.error.writing.number, hasOwnSession: true)
    }
    pipes.input.reading.close()
    pipes.output.writing.close()
    pipes.error.writing.close()
    let pidfd = try attempting("watch \(description.name)") { () throws(SystemError) in
      for end in [pipes.input.writing, pipes.output.reading, pipes.error.reading] { try end.setNonblocking() }
      return Descriptor(try check(linux_pidfd_open(pid), "pidfd_open"))
    }

    let state = Monitor(HostProcess.State(outbound: description.output == .api ? [] : description.input))
    let process = HostProcess(
      host: name, name: description.name, pid: pid, events: events, state: state,
      wakeWriter: { watch.write(pid) })
    events.append(
      LabEvent(at: MonotonicClock.now, host: name, process: description.name, kind: .started(pid: pid)))
    watch.add(
      WatchedProcess(
        pid: pid, host: name, description, pidfd: pidfd,
        pipes: .init(output: pipes.output.reading, error: pipes.error.reading, input: pipes.input.writing),
        log: log, state: state))
    return process
  }

  static func start(
    _ path: String, _ description: ProcessDescription, _ input: CInt, _ output: CInt, _ error: CInt,
    hasOwnSession: Bool
  ) throws(SystemError) -> Int32 {
    let environment = Self.environment.merging(description.environment) { _, own in own }
    let pid = CStrings.with([description.executable] + description.arguments) { arguments in
      CStrings.with(environment.map { "\($0)=\($1)" }.sorted()) { environment in
        CStrings.with([path] + (description.directory.map { [$0] } ?? [])) { paths in
          var what = linux_spawn()
          what.path = UnsafePointer(paths[0])
          what.directory = UnsafePointer(paths[1])
          what.arguments = arguments
          what.environment = environment
          what.input = input
          what.output = output
          what.error = error
          what.nice = CInt(clamping: description.nice)
          what.open_files = CInt(clamping: description.openFiles)
          what.own_session = hasOwnSession ? 1 : 0
          return linux_spawn(&what)
        }
      }
    }
    return try check(pid, "run \(path)")
  }

  private static let environment: [String: String] = {
    var environment = ["LANG": "C.UTF-8"]
    if let path = getenv("PATH") { environment["PATH"] = String(cString: path) }
    return environment
  }()

  /// A program's path, looked for as a shell does.
  static func find(_ executable: String) throws(LabError) -> String {
    if executable.contains("/") {
      if access(executable, X_OK) == 0 { return executable }
      throw .program("\(executable) cannot be run: \(String(cString: strerror(errno)))")
    }
    for directory in (environment["PATH"] ?? "/usr/bin:/bin").split(separator: ":") {
      let path = "\(directory)/\(executable)"
      if access(path, X_OK) == 0 { return path }
    }
    throw .program("there is no program \(executable) in the PATH")
  }
}
