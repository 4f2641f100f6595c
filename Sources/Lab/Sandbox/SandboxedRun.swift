import CLinux
import Glibc

/// A program in a sandbox, seen from outside. It is killed when the thread that started it ends.
package final class SandboxedRun: Sendable {
  private let pid: pid_t
  private let pidfd: Descriptor

  /// Starts this program again, inside, with these arguments (the first is its name) and this environment.
  package init(arguments: [String], environment: [String]? = nil) throws(LabError) {
    try Self.checkTUN()
    _ = linux_raise_open_files()

    let path = try attempting("find this program") { () throws(SystemError) in try Self.ownPath() }
    let inherited = environment ?? CStrings.environment
    let marked =
      inherited.filter { !$0.hasPrefix("\(Sandbox.marker)=") }
      + ["\(Sandbox.marker)=\(Sandbox.networkNamespace)"]
    let go = try attempting("start the sandbox") { () throws(SystemError) in try Descriptor.pipe() }
    let report = try attempting("start the sandbox") { () throws(SystemError) in try Descriptor.pipe() }

    let ends = [go.reading.number, go.writing.number]
    let pid = CStrings.with(arguments) { arguments in
      CStrings.with(marked) { environment in
        linux_sandbox(path, arguments, environment, ends, report.writing.number)
      }
    }
    guard pid > 0 else { throw Self.refusal(code: -pid) }
    self.pid = pid
    pidfd = try attempting("watch the sandbox") { () throws(SystemError) in
      Descriptor(try check(linux_pidfd_open(pid), "pidfd_open"))
    }
    do throws(SystemError) {
      try Self.mapUsers(of: pid)
    } catch {
      kill(pid, SIGKILL)
      throw .system("map users into the sandbox", error)
    }
    // Where this is not permitted the fabric does without, and its health says so.
    _ = linux_schedule_fifo(pid, Fabric.fifoPriority)
    var byte: UInt8 = 1
    _ = write(go.writing.number, &byte, 1)
    try Self.awaitStart(report)
  }

  /// Its exit status, 128 + n when signal n ended it.
  package func wait() -> CInt {
    var status: CInt = 0
    while waitpid(pid, &status, 0) < 0, errno == EINTR {}
    return status & 0x7F == 0 ? status >> 8 & 0xFF : 128 + status & 0x7F
  }

  /// The same, and meanwhile hands on the signals sent to this process alone.
  package func wait(forwarding signals: EndingSignals) -> CInt {
    while true {
      var polled = [
        pollfd(fd: pidfd.number, events: Int16(POLLIN), revents: 0),
        pollfd(fd: signals.number, events: Int16(POLLIN), revents: 0),
      ]
      _ = poll(&polled, 2, -1)
      while let signal = signals.next() {
        if !signal.isFromTerminal { self.signal(signal.number) }
      }
      if polled[0].revents != 0 { return wait() }
    }
  }

  /// Asks for an orderly end (SIGINT, SIGTERM) or for none (SIGKILL).
  package func signal(_ number: CInt) { kill(pid, number) }

  // MARK: Starting

  private static func ownPath() throws(SystemError) -> String {
    guard let path = realpath("/proc/self/exe", nil) else { throw SystemError("/proc/self/exe", code: errno) }
    defer { free(path) }
    return String(cString: path)
  }

  static func checkTUN() throws(LabError) {
    if access("/dev/net/tun", R_OK | W_OK) == 0 { return }
    let code = errno
    if code == EACCES {
      throw .lacking(
        "/dev/net/tun is not open to this user",
        remedy: "as root: chmod 666 /dev/net/tun (for good, a udev rule: KERNEL==\"tun\", MODE=\"0666\")")
    }
    throw .lacking(
      "/dev/net/tun is not there (\(String(cString: strerror(code))))",
      remedy: "as root: modprobe tun; in a container: --device /dev/net/tun")
  }

  static func refusal(code: CInt) -> LabError {
    let reason = String(cString: strerror(code))
    return switch code {
    case EPERM, EACCES:
      .lacking(
        "this user may not create user namespaces (\(reason))",
        remedy:
          "as root: sysctl kernel.unprivileged_userns_clone=1 kernel.apparmor_restrict_unprivileged_userns=0 "
          + "(whichever of them exists); in a container: --security-opt seccomp=unconfined")
    case ENOSPC, EUSERS:
      .lacking(
        "no more namespaces may be created (\(reason))",
        remedy: "as root: sysctl user.max_user_namespaces=10000 user.max_net_namespaces=10000")
    default: .system("create the sandbox", SystemError("clone", code: code))
    }
  }

  /// Root keeps every user it has, so that files of others stay readable; anybody else becomes root inside
  /// and is the only user there (user_namespaces(7)).
  private static func mapUsers(of pid: pid_t) throws(SystemError) {
    if geteuid() == 0, (try? mapAllUsers(of: pid)) != nil { return }
    try SmallFile.write("deny", to: "/proc/\(pid)/setgroups")
    try SmallFile.write("0 \(geteuid()) 1\n", to: "/proc/\(pid)/uid_map")
    try SmallFile.write("0 \(getegid()) 1\n", to: "/proc/\(pid)/gid_map")
  }

  private static func mapAllUsers(of pid: pid_t) throws(SystemError) {
    for map in ["uid_map", "gid_map"] {
      let lines = try SmallFile.read("/proc/self/\(map)").split(separator: "\n").compactMap {
        line -> String? in
        let fields = line.split(separator: " ")
        return fields.count == 3 ? "\(fields[0]) \(fields[0]) \(fields[2])\n" : nil
      }
      try SmallFile.write(lines.joined(), to: "/proc/\(pid)/\(map)")
    }
  }

  /// The pipe closes when the program runs; before that it may bring the errno of what failed.
  private static func awaitStart(_ report: (reading: Descriptor, writing: Descriptor)) throws(LabError) {
    report.writing.close()
    var code: CInt = 0
    guard read(report.reading.number, &code, 4) == 4 else { return }
    throw .system("start this program in the sandbox", SystemError("exec", code: code))
  }
}
