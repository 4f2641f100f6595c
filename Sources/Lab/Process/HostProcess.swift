import CLinux
import Glibc
package import SansIO

/// A process in a host. What it says comes as events of the laboratory's ``EventLog``; it is watched by the
/// one thread of ``ProcessWatch``.
///
/// It leads a session of its own, and signals go to all of that session's first group: a shell script's
/// children too. What it leaves behind when it ends itself is killed when the laboratory ends.
package final class HostProcess: Sendable {
  package let host: String
  package let name: String
  package let pid: Int32
  let state: Monitor<State>
  private let events: EventLog
  /// Where its own events begin: one before it in the same host may have had the same name.
  private let firstEvent: Int
  private let wakeWriter: @Sendable () -> Void

  struct State {
    var end: ProcessEnd?
    /// Its pid is free; `end` follows when its last words were read.
    var isReaped = false
    var lastLines: [String] = []
    /// Bytes for its standard input that the pipe has not taken yet.
    var outbound: [UInt8] = []
    var isInputClosed = false
    var nextRequest = 1
    /// Requests that wait: nil until the answer is there.
    var answers: [Int: [UInt8]?] = [:]
  }

  /// A process that does not read its input is not written to without end.
  private static let outboundMax = 4 << 20
  /// Between looks whether a wait is given up.
  private static let patience = Duration.milliseconds(200)

  init(
    host: String, name: String, pid: Int32, events: EventLog, state: Monitor<State>,
    wakeWriter: @escaping @Sendable () -> Void
  ) {
    self.host = host
    self.name = name
    self.pid = pid
    self.events = events
    firstEvent = events.end
    self.state = state
    self.wakeWriter = wakeWriter
  }

  // MARK: Its end

  /// How it ended; nil while it runs.
  package var end: ProcessEnd? { state.peek { $0.end } }

  /// The last lines of its log.
  package var lastLines: [String] { state.peek { $0.lastLines } }

  /// Waits for its end; nil when the deadline came first.
  package func awaitEnd(until deadline: Instant) -> ProcessEnd? { state.wait(until: deadline) { $0.end } }

  /// The same, unless it `isGivenUp`.
  package func awaitEnd(within limit: Duration, unless isGivenUp: () -> Bool) -> ProcessEnd? {
    let deadline = MonotonicClock.now + limit
    while true {
      let now = MonotonicClock.now
      if let end = awaitEnd(until: min(deadline, now + Self.patience)) { return end }
      if now >= deadline || isGivenUp() { return nil }
    }
  }

  /// SIGTERM, and SIGKILL if it still runs after the grace time.
  @discardableResult
  package func stop(grace: Duration = .seconds(5)) -> ProcessEnd? {
    askToEnd()
    if let end = awaitEnd(until: MonotonicClock.now + grace) { return end }
    note("did not end within \(grace) of SIGTERM, and is killed")
    return crash()
  }

  func askToEnd() {
    signal(SIGTERM)
    signal(SIGCONT)  // a paused process would not hear of it
  }

  /// SIGKILL: from one moment to the next, and nobody is told.
  @discardableResult
  package func crash() -> ProcessEnd? {
    signal(SIGKILL)
    return awaitEnd(until: MonotonicClock.now + .seconds(10))
  }

  /// SIGSTOP: its sockets stay open and it does nothing.
  package func pause() { signal(SIGSTOP) }

  package func resume() { signal(SIGCONT) }

  /// Only while it has not been reaped: later its pid may be somebody else's.
  package func signal(_ number: Int32) {
    state.withLock { state in
      if !state.isReaped, kill(-pid, number) < 0 { kill(pid, number) }
    }
  }

  // MARK: Its events

  /// Waits for an event of this process; nil when the deadline came first or the process ended without it.
  package func next(
    from position: inout Int, until deadline: Instant, where matches: (LabEvent.Kind) -> Bool
  ) -> LabEvent? {
    let event = events.next(from: &position, until: deadline) { event in
      guard event.host == host, event.process == name else { return false }
      if case .ended = event.kind { return true }
      return matches(event.kind)
    }
    guard let event, matches(event.kind) else { return nil }
    return event
  }

  /// Waits for the API's event `ready`, unless it `isGivenUp`. The error says how the process ended instead,
  /// and its last words.
  package func awaitReady(
    within limit: Duration, unless isGivenUp: () -> Bool = { false }
  ) throws(LabError) -> LabEvent {
    var position = firstEvent
    let deadline = MonotonicClock.now + limit
    repeat {
      let ready = next(from: &position, until: min(deadline, MonotonicClock.now + Self.patience)) { kind in
        if case .api("ready", _) = kind { return true }
        return false
      }
      if let ready { return ready }
    } while end == nil && MonotonicClock.now < deadline && !isGivenUp()
    throw .program("\(name) \(end.map { "\($0)" } ?? "was not ready after \(limit)")\(lastWords)")
  }

  /// For the end of an error message.
  package var lastWords: String {
    let lines = lastLines
    return lines.isEmpty
      ? "; it wrote nothing to its log" : "; its last lines:\n  " + lines.joined(separator: "\n  ")
  }

  private func note(_ text: String) {
    events.append(LabEvent(at: MonotonicClock.now, host: host, process: name, kind: .note(text)))
  }

  /// Writes a line to its standard input, if it takes lines.
  package func tell(_ line: String) throws(LabError) {
    let bytes = Array(line.utf8) + [UInt8(ascii: "\n")]
    let isTaken = state.withLock { state in
      guard state.end == nil, !state.isInputClosed, state.outbound.count + bytes.count <= Self.outboundMax
      else { return false }
      state.outbound += bytes
      return true
    }
    guard isTaken else { throw .program("\(name) cannot be told anything: it does not read its input") }
    wakeWriter()
  }

  // MARK: Requests

  private enum Outcome {
    case answer([UInt8])
    case end(ProcessEnd)
  }

  /// Asks over its API and waits for the answer. Several threads may ask at once.
  @discardableResult
  package func request<Parameters: Encodable, Result: Decodable>(
    _ method: String, _ parameters: Parameters = Nothing(), returning: Result.Type = Nothing.self,
    timeout: Duration = .seconds(10)
  ) throws(LabError) -> Result {
    let id = state.withLock { state in
      defer { state.nextRequest += 1 }
      return state.nextRequest
    }
    let line = try JSONRPC.request(id: id, method, parameters)
    let isSent = state.withLock { state in
      guard state.end == nil, !state.isInputClosed, state.outbound.count + line.count <= Self.outboundMax
      else {
        return false
      }
      state.outbound += line
      state.answers[id] = .some(nil)
      return true
    }
    guard isSent else { throw .program("\(name) cannot be asked for \(method): it does not read its input") }
    wakeWriter()
    let outcome = state.wait(until: MonotonicClock.now + timeout) { state -> Outcome? in
      if let answer = state.answers[id] ?? nil { return .answer(answer) }
      return state.end.map { .end($0) }
    }
    state.withLock { $0.answers[id] = nil }
    switch outcome {
    case .answer(let line)?: return try JSONRPC.result(Result.self, of: line, for: method)
    case .end(let end)?: throw .program("\(name) \(end) before it answered \(method)\(lastWords)")
    case nil: throw .program("\(name) did not answer \(method) within \(timeout)")
    }
  }
}
