import CLinux
import Glibc

/// A program in a host that has this process's own terminal and standard streams: for a person.
///
/// It is in this process's group until it makes one of its own, as shells do, so that what the terminal sends
/// reaches it. It is killed when the laboratory ends.
package final class AttachedProcess: Sendable {
  private let pid: Int32
  private let pidfd: Descriptor
  /// Its pid may be somebody else's from then on.
  private let isReaped = Monitor(false)

  init(pid: Int32, pidfd: Descriptor) {
    self.pid = pid
    self.pidfd = pidfd
  }

  package func signal(_ number: Int32) {
    isReaped.withLock { isReaped in
      if !isReaped { kill(pid, number) }
    }
  }

  /// Waits for its end. Call once.
  package func awaitEnd() -> ProcessEnd {
    while true {
      var polled = pollfd(fd: pidfd.number, events: Int16(POLLIN), revents: 0)
      _ = poll(&polled, 1, -1)
      let end = isReaped.withLock { isReaped -> ProcessEnd? in
        var status: CInt = 0
        let how = linux_reap(pid, &status)
        if how == 0 || how == -EINTR { return nil }
        isReaped = true
        return how == 2 ? .killed(signal: status) : .exited(status)
      }
      if let end { return end }
    }
  }
}

extension Laboratory {
  /// Starts a program in a host, on this process's terminal and with this environment.
  package func attach(
    _ executable: String, _ arguments: [String], environment: [String: String], in host: String
  ) throws(LabError) -> AttachedProcess {
    var description = ProcessDescription(executable, executable, arguments)
    description.environment = environment
    description.nice = 0
    return try self.host(host).attach(description)
  }
}

extension Host {
  fileprivate func attach(_ description: ProcessDescription) throws(LabError) -> AttachedProcess {
    let path = try Self.find(description.executable)
    let pid = try perform("start \(description.name)") { _ throws(SystemError) in
      try Self.start(
        path, description, STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO, hasOwnSession: false)
    }
    let pidfd = try attempting("watch \(description.name)") { () throws(SystemError) in
      Descriptor(try check(linux_pidfd_open(pid), "pidfd_open"))
    }
    return AttachedProcess(pid: pid, pidfd: pidfd)
  }

  /// Where this host's namespaces are, for nsenter(1) inside the sandbox.
  package func namespaces() throws(LabError) -> String {
    try perform("find its namespaces") { _ throws(SystemError) in
      var text = [CChar](repeating: 0, count: 64)
      let count = try checkErrno(readlink("/proc/thread-self", &text, text.count - 1), "/proc/thread-self")
      return "/proc/\(String(decoding: text.prefix(count).map(UInt8.init(bitPattern:)), as: UTF8.self))/ns"
    }
  }
}
