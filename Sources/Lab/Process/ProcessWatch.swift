import CLinux
import Glibc
import SansIO

/// The thread that watches every process: reads what they write, writes what they are asked, learns of their
/// ends.
///
/// One for all of them, because none of that takes long, and because their events come into one order.
final class ProcessWatch: Sendable {
  private let inbox: Monitor<Inbox>
  private let wake: WakeUp
  private let thread: Thread

  struct Inbox {
    /// Started and not yet watched. As many as are started at once.
    var arrivals: [WatchedProcess] = []
    /// Who has something to write.
    var writers: [Int32] = []
    var isClosed = false
  }

  init(_ events: EventLog) throws(LabError) {
    let inbox = Monitor(Inbox())
    self.inbox = inbox
    do throws(SystemError) {
      let wake = try WakeUp()
      let loop = try WatchLoop(inbox, wake, events)
      thread = try Thread("lab-processes") { loop.run() }
      self.wake = wake
    } catch {
      throw .system("start watching processes", error)
    }
  }

  func add(_ process: sending WatchedProcess) {
    let process = process
    inbox.withLock { $0.arrivals.append(process) }
    wake.signal()
  }

  func write(_ pid: Int32) {
    inbox.withLock { $0.writers.append(pid) }
    wake.signal()
  }

  /// Ends the thread. Call once, when no process runs any more.
  func end() {
    inbox.withLock { $0.isClosed = true }
    wake.signal()
    thread.join()
  }
}

/// The watch thread's own.
// Unchecked: everything in it belongs to the thread that calls run().
private final class WatchLoop: @unchecked Sendable {
  private let inbox: Monitor<ProcessWatch.Inbox>
  private let wake: WakeUp
  private let events: EventLog
  private let epoll: Epoll
  private var processes: [Int32: WatchedProcess] = [:]
  private var chunk = [UInt8](repeating: 0, count: 65536)

  private static let wakeTag = UInt64.max

  init(_ inbox: Monitor<ProcessWatch.Inbox>, _ wake: WakeUp, _ events: EventLog) throws(SystemError) {
    self.inbox = inbox
    self.wake = wake
    self.events = events
    epoll = try Epoll()
    try epoll.add(wake.number, tag: Self.wakeTag)
  }

  func run() {
    while true {
      let count = epoll.wait()
      for index in 0..<count {
        let tag = epoll[index].tag
        if tag == Self.wakeTag { continue }
        guard let process = processes[Int32(truncatingIfNeeded: tag >> 2)],
          let source = WatchedProcess.Source(rawValue: tag & 3)
        else { continue }
        serve(process, source)
      }
      if takeInbox() { return }
    }
  }

  /// True when the watch is over.
  private func takeInbox() -> Bool {
    wake.clear()
    let taken = inbox.withLock { inbox in
      defer { (inbox.arrivals, inbox.writers) = ([], []) }
      return inbox
    }
    for process in taken.arrivals {
      processes[process.pid] = process
      process.register(in: epoll)
    }
    for pid in taken.writers { if let process = processes[pid] { process.write(epoll) } }
    return taken.isClosed && processes.isEmpty
  }

  private func serve(_ process: WatchedProcess, _ source: WatchedProcess.Source) {
    switch source {
    case .output, .error: process.read(source, into: &chunk, epoll, events)
    case .input: process.write(epoll)
    case .end:
      guard let end = process.reap() else { return }
      processes[process.pid] = nil
      // What it wrote last is still in the pipes.
      process.read(.output, into: &chunk, epoll, events)
      process.read(.error, into: &chunk, epoll, events)
      process.close(epoll, end, events)
    }
  }
}
