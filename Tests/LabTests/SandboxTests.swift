import Glibc
import Lab
import Testing

@Suite(.enabled(if: isLaboratoryPossible), .timeLimit(.minutes(1)))
struct SandboxTests {
  @Test func killedFromOutsideItLeavesNothingBehind() throws {
    let mounts = try SmallFile.read("/proc/self/mounts")
    let probe = try Probe("idle")
    #expect(probe.line() == "running 3")
    let inside = Machine.descendants(of: probe.pid)
    let namespaces = Machine.namespaces(of: inside).subtracting(Machine.namespaces(of: [getpid()]))
    // The init, the inner process, and in each host a shell with two children.
    #expect(inside.count >= 2 + 3 * 3)
    // Six of the sandbox's own, and network, mount and UTS for each host.
    #expect(namespaces.count == 6 + 3 * 3)

    kill(probe.pid, SIGKILL)
    #expect(probe.end().status == -SIGKILL)
    #expect(Machine.becomesTrue { Machine.all.isDisjoint(with: inside) })
    #expect(Machine.becomesTrue { Machine.namespaces(of: Machine.all).isDisjoint(with: namespaces) })
    #expect(try SmallFile.read("/proc/self/mounts") == mounts)
  }

  @Test(arguments: [SIGTERM, SIGINT, SIGHUP])
  func askedToEndItEndsInOrder(signal: CInt) throws {
    let probe = try Probe("idle")
    #expect(probe.line() == "running 3")
    let inside = Machine.descendants(of: probe.pid)
    kill(probe.pid, signal)
    let found = probe.end()
    #expect(found["ended"] == "\(signal)")
    #expect(found.status == 7)
    #expect(Machine.becomesTrue { Machine.all.isDisjoint(with: inside) })
  }

  @Test func aHostThatCannotBeBuiltIsNamedAndEverythingGoes() throws {
    let found = try findings("failing")
    #expect(found.status == 1)
    #expect(found["error"]?.hasPrefix("build the host h1: ") == true)
    #expect(found["error"]?.contains("no_such_setting") == true)
  }
}

/// What runs on this machine, from /proc.
private enum Machine {
  static var all: Set<pid_t> {
    guard let directory = opendir("/proc") else { return [] }
    defer { closedir(directory) }
    var pids: Set<pid_t> = []
    while let entry = readdir(directory) {
      let name = withUnsafePointer(to: &entry.pointee.d_name) {
        $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
      }
      if let pid = pid_t(name) { pids.insert(pid) }
    }
    return pids
  }

  static func descendants(of ancestor: pid_t) -> Set<pid_t> {
    var parents: [pid_t: pid_t] = [:]
    for pid in all {
      guard let stat = try? SmallFile.read("/proc/\(pid)/stat"), let end = stat.lastIndex(of: ")") else {
        continue
      }
      let fields = stat[end...].split(separator: " ")
      if fields.count > 2 { parents[pid] = pid_t(fields[2]) }
    }
    var found: Set<pid_t> = [ancestor]
    while true {
      let more = parents.filter { found.contains($0.value) && !found.contains($0.key) }.keys
      if more.isEmpty { return found.subtracting([ancestor]) }
      found.formUnion(more)
    }
  }

  static func namespaces(of pids: Set<pid_t>) -> Set<String> {
    var found: Set<String> = []
    for pid in pids {
      for kind in ["user", "mnt", "pid", "net", "uts", "ipc"] {
        // The threads of one process may live in different ones.
        for thread in threads(of: pid) {
          var text = [CChar](repeating: 0, count: 64)
          let count = readlink("/proc/\(pid)/task/\(thread)/ns/\(kind)", &text, text.count - 1)
          if count > 0 {
            found.insert(String(decoding: text.prefix(count).map(UInt8.init(bitPattern:)), as: UTF8.self))
          }
        }
      }
    }
    return found
  }

  private static func threads(of pid: pid_t) -> [String] {
    guard let directory = opendir("/proc/\(pid)/task") else { return [] }
    defer { closedir(directory) }
    var names: [String] = []
    while let entry = readdir(directory) {
      names.append(
        withUnsafePointer(to: &entry.pointee.d_name) {
          $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
        })
    }
    return names.filter { $0.first != "." }
  }

  /// The kernel takes a moment to tear namespaces down.
  static func becomesTrue(_ condition: () -> Bool) -> Bool {
    for _ in 0..<500 {
      if condition() { return true }
      usleep(10_000)
    }
    return false
  }
}
