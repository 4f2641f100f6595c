import CLinux
import Glibc
import SansIO

/// A process and its pipes, as the watch thread sees them.
final class WatchedProcess: @unchecked Sendable {  // handed to the watch thread once, and then only its own
  enum Source: UInt64 {
    case end = 0
    case output = 1
    case error = 2
    case input = 3
  }

  /// A JSON-RPC line holds at most a page of history.
  private static let lineBytesMax = 1 << 20
  /// Of one pipe before the others have their turn.
  private static let readsMax = 8

  let pid: Int32
  private let host: String
  private let name: String
  private let kind: ProcessDescription.Output
  private let keepsInput: Bool
  private let state: Monitor<HostProcess.State>
  private let pidfd: Descriptor
  private var output: Descriptor?
  private var error: Descriptor?
  private var input: Descriptor?
  private var lines = LineReader(limit: lineBytesMax)
  private var log: LogFile
  private var isWaitingToWrite = false
  /// Said once for each process.
  private var hasNotedBadLine = false

  init(
    pid: Int32, host: String, _ description: ProcessDescription, pidfd: Descriptor, pipes: Pipes,
    log: consuming LogFile, state: Monitor<HostProcess.State>
  ) {
    self.pid = pid
    self.host = host
    name = description.name
    kind = description.output
    keepsInput = description.output == .api || description.takesLines
    self.pidfd = pidfd
    output = pipes.output
    error = pipes.error
    input = pipes.input
    self.log = log
    self.state = state
  }

  struct Pipes {
    let output: Descriptor
    let error: Descriptor
    let input: Descriptor
  }

  private func tag(_ source: Source) -> UInt64 { UInt64(UInt32(bitPattern: pid)) << 2 | source.rawValue }

  func register(in epoll: borrowing Epoll) {
    try? epoll.add(pidfd.number, tag: tag(.end))
    if let output { try? epoll.add(output.number, tag: tag(.output)) }
    if let error { try? epoll.add(error.number, tag: tag(.error)) }
    write(epoll)
  }

  // MARK: What it writes

  func read(_ source: Source, into chunk: inout [UInt8], _ epoll: borrowing Epoll, _ events: EventLog) {
    guard let pipe = source == .output ? output : error else { return }
    for _ in 0..<Self.readsMax {
      let count = Glibc.read(pipe.number, &chunk, chunk.count)
      if count < 0 { return }
      if count == 0 {
        epoll.remove(pipe.number)
        if source == .output { output = nil } else { error = nil }
        return
      }
      let bytes = chunk[..<count]
      if source == .error || kind != .api { record(bytes, events) }
      if source == .output, kind != .log { lines.receive(bytes) { take($0, events) } }
    }
  }

  private func record(_ bytes: ArraySlice<UInt8>, _ events: EventLog) {
    if let note = log.append(bytes) { say(.note(note), events) }
  }

  private func take(_ line: LineReader.Line, _ events: EventLog) {
    guard case .whole(let bytes) = line else {
      return say(.note("a line of more than \(Self.lineBytesMax) bytes was left out"), events)
    }
    if kind == .lines { return say(.line(String(decoding: bytes, as: UTF8.self)), events) }
    switch JSONRPC.read(bytes) {
    case .event(let type)?: say(.api(type: type, line: String(decoding: bytes, as: UTF8.self)), events)
    case .response(let id)?:
      state.withLock { state in
        // An answer that nobody waits for any more is dropped.
        if state.answers.keys.contains(id) { state.answers[id] = Array(bytes) }
      }
    case .other?: break
    case nil:
      record(bytes + [0x0A], events)
      if hasNotedBadLine { return }
      hasNotedBadLine = true
      say(.note("wrote what is no JSON-RPC where its API should be (see its log)"), events)
    }
  }

  private func say(_ kind: LabEvent.Kind, _ events: EventLog) {
    events.append(LabEvent(at: MonotonicClock.now, host: host, process: name, kind: kind))
  }

  // MARK: What it is told

  /// Writes what the pipe takes; the rest when it takes more. Unless it takes more, input ends with its
  /// bytes.
  func write(_ epoll: borrowing Epoll) {
    guard let pipe = input else { return }
    let (isDone, hasFailed) = state.withLock { state -> (Bool, Bool) in
      while !state.outbound.isEmpty {
        let count = state.outbound.withUnsafeBytes { Glibc.write(pipe.number, $0.baseAddress, $0.count) }
        if count < 0 { return (false, errno != EAGAIN && errno != EINTR) }
        state.outbound.removeFirst(count)
      }
      return (true, false)
    }
    if hasFailed || (isDone && !keepsInput) { return closeInput(epoll) }
    if isDone == !isWaitingToWrite { return }
    isWaitingToWrite = !isDone
    if isDone {
      epoll.remove(pipe.number)
    } else {
      try? epoll.add(pipe.number, Epoll.writable, tag: tag(.input))
    }
  }

  private func closeInput(_ epoll: borrowing Epoll) {
    if isWaitingToWrite, let input { epoll.remove(input.number) }
    isWaitingToWrite = false
    input = nil
    state.withLock { state in
      state.isInputClosed = true
      state.outbound = []
    }
  }

  // MARK: Its end

  /// Under the lock that signals take, so that none reaches a pid that is free again.
  func reap() -> ProcessEnd? {
    var status: CInt = 0
    return state.withLock { state -> ProcessEnd? in
      let result = linux_reap(pid, &status)
      if result <= 0 { return nil }
      state.isReaped = true
      return result == 1 ? .exited(status) : .killed(signal: status)
    }
  }

  func close(_ epoll: borrowing Epoll, _ end: ProcessEnd, _ events: EventLog) {
    epoll.remove(pidfd.number)
    for pipe in [output, error] { if let pipe { epoll.remove(pipe.number) } }
    (output, error) = (nil, nil)
    closeInput(epoll)
    let lastLines = log.lastLines
    state.withLock { state in
      state.end = end
      state.lastLines = lastLines
    }
    say(.ended(end), events)
  }
}
