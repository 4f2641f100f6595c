import CLinux
import Glibc

// Making the sandbox a home, on the inside.

extension Sandbox {
  /// Private mounts, a `/proc` that shows only what is inside, an empty `/run`, the lab's own names.
  static func settle(_ configuration: Configuration) throws(LabError) {
    do throws(SystemError) {
      try check(linux_mounts_private(), "make mounts private")
      try check(linux_mount("proc", "/proc", "proc", nil), "mount /proc")
    } catch {
      guard error.code == EPERM || error.code == EACCES else { throw .system("settle in the sandbox", error) }
      throw .lacking(
        "the sandbox may not mount (\(error))",
        remedy: "as root: sysctl kernel.apparmor_restrict_unprivileged_userns=0; "
          + "in a container: --security-opt systempaths=unconfined --security-opt seccomp=unconfined")
    }
    try attempting("give the sandbox its names") { () throws(SystemError) in try mountNames(configuration) }
    // A process that ended is noticed by its pidfd, not by writing to it.
    Glibc.signal(SIGPIPE, SIG_IGN)
    try attempting("raise the limit on descriptors") { () throws(SystemError) in
      try check(linux_raise_open_files(), "setrlimit")
    }
    try attempting("bring up the sandbox's loopback") { () throws(SystemError) in
      try Netlink().setLink("lo", isUp: true)
    }
  }

  /// Sockets under `/run` lead out of any network namespace: to the machine's resolver, its name cache, its
  /// Avahi. So `/run` is empty in here, and holds what is bound over `/etc`.
  private static func mountNames(_ configuration: Configuration) throws(SystemError) {
    var resolver = configuration.nameServers.map { "nameserver \($0)\n" }.joined()
    resolver += "options timeout:2 attempts:2\n"
    var hidden: [String: String] = [:]
    for (path, text) in [("/etc/resolv.conf", resolver), ("/etc/hosts", hosts)] {
      hidden[path] = text
    }
    // Where they lead must be known before /run is emptied.
    let targets = hidden.keys.sorted().map { path in (path: path, leadsTo: destination(of: path)) }
    try check(linux_mount("run", "/run", "tmpfs", "size=16m,mode=755"), "mount /run")
    try checkErrno(mkdir("/run/lab", 0o755), "mkdir /run/lab")
    for target in targets {
      guard let text = hidden[target.path], let destination = target.leadsTo else { continue }
      if destination.hasPrefix("/run/") {
        try makeDirectories(above: destination)
        try SmallFile.write(text, to: destination, creating: true)
      } else {
        let source = "/run/lab/\(target.path.split(separator: "/").last ?? "file")"
        try SmallFile.write(text, to: source, creating: true)
        try check(linux_mount_bind(source, destination), "bind \(target.path)")
      }
    }
  }

  private static let hosts = "127.0.0.1 localhost\n::1 localhost ip6-localhost\n"

  /// The file behind links; nil if there is none, in which case there is nothing to hide.
  private static func destination(of path: String) -> String? {
    guard let real = realpath(path, nil) else { return nil }
    defer { free(real) }
    return String(cString: real)
  }

  private static func makeDirectories(above path: String) throws(SystemError) {
    var made = ""
    for part in path.split(separator: "/").dropLast() {
      made += "/\(part)"
      if mkdir(made, 0o755) < 0, errno != EEXIST { throw SystemError("mkdir \(made)", code: errno) }
    }
  }
}
