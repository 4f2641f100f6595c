import CLinux
import Glibc

/// What this machine can do for a laboratory, tried rather than guessed, outside any sandbox.
package enum Doctor {
  package struct Finding: Sendable, Hashable, CustomStringConvertible {
    package enum Verdict: String, Sendable {
      case good
      /// The laboratory runs, with less.
      case limited
      /// The laboratory cannot run.
      case missing
    }

    package let subject: String
    package let verdict: Verdict
    package let detail: String
    /// Nil when there is nothing to remedy.
    package let remedy: String?

    /// One line.
    package var description: String {
      "\(subject): \(verdict.rawValue), \(detail)" + (remedy.map { "; remedy: \($0)" } ?? "")
    }
  }

  package static func examine() -> [Finding] {
    [namespaces, tun, scheduling, openFiles] + programs
  }

  /// A file is looked for as a shell does, and where Debian keeps what is root's.
  static func path(of program: String) -> String? {
    let path = getenv("PATH").map { String(cString: $0) } ?? ""
    return (path.split(separator: ":") + ["/usr/sbin", "/sbin", "/usr/bin", "/bin"]).lazy
      .map { "\($0)/\(program)" }.first { access($0, X_OK) == 0 }
  }

  private static var namespaces: Finding {
    let code = -linux_try_namespaces()
    if code <= 0 {
      return good("namespaces", "user, mount, pid and network namespaces can be created")
    }
    return missing("namespaces", because: SandboxedRun.refusal(code: code))
  }

  private static var tun: Finding {
    do throws(LabError) {
      try SandboxedRun.checkTUN()
      return good("TUN", "/dev/net/tun is open to this user")
    } catch {
      return missing("TUN", because: error)
    }
  }

  private static func good(_ subject: String, _ detail: String) -> Finding {
    Finding(subject: subject, verdict: .good, detail: detail, remedy: nil)
  }

  private static func missing(_ subject: String, because error: LabError) -> Finding {
    guard case .lacking(let what, let remedy) = error else {
      return Finding(subject: subject, verdict: .missing, detail: "\(error)", remedy: nil)
    }
    return Finding(subject: subject, verdict: .missing, detail: what, remedy: remedy)
  }

  private static var scheduling: Finding {
    if linux_try_fifo(Fabric.fifoPriority) == 0 {
      return good("real-time scheduling", "the fabric may run before everything else (SCHED_FIFO)")
    }
    return Finding(
      subject: "real-time scheduling", verdict: .limited,
      detail: "not permitted; on a busy machine packets will be some milliseconds late",
      remedy: "as root: echo '@users - rtprio \(Fabric.fifoPriority)' > /etc/security/limits.d/meshsim.conf")
  }

  private static var openFiles: Finding {
    let limit = linux_raise_open_files()
    if limit >= 4096 { return good("open files", "\(limit)") }
    return Finding(
      subject: "open files", verdict: .limited,
      detail: "\(max(0, limit)), which is enough for \(max(0, limit) / 8) hosts",
      remedy: "as root: echo '* hard nofile 65536' > /etc/security/limits.d/meshsim.conf")
  }

  private static var programs: [Finding] {
    [
      ("nft", "NATs made of a kernel (.linux)", "apt-get install nftables"),
      ("tcpdump", "looking at captures by hand", "apt-get install tcpdump"),
      ("tshark", "looking at captures by hand", "apt-get install tshark"),
    ].map { program, use, remedy in
      if let path = path(of: program) { return good(program, path) }
      return Finding(
        subject: program, verdict: .limited, detail: "not found; it is for \(use)", remedy: remedy)
    }
  }
}

extension [Doctor.Finding] {
  /// Whether the laboratory can run at all.
  package var isLaboratoryPossible: Bool { allSatisfy { $0.verdict != .missing } }
}
