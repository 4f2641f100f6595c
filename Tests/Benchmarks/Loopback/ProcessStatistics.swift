import Foundation

/// What the kernel says of a process.
enum ProcessStatistics {
  /// Bytes that are resident, and this process's share of them where others use the same pages.
  struct Memory {
    let resident: Double
    let proportional: Double
  }

  static func memory(of pid: pid_t) throws -> Memory {
    let text = try contents(of: "/proc/\(pid)/smaps_rollup")
    func bytes(_ field: String) throws -> Double {
      for line in text.split(separator: "\n") where line.hasPrefix("\(field):") {
        if let kib = line.split(separator: " ").dropFirst().first.flatMap({ Double($0) }) {
          return kib * 1024
        }
      }
      throw BenchError("/proc/\(pid)/smaps_rollup has no \(field)")
    }
    return Memory(resident: try bytes("Rss"), proportional: try bytes("Pss"))
  }

  /// Processor time of all threads so far, in and for the process.
  static func cpuSeconds(of pid: pid_t) throws -> Double {
    // The command's name stands in parentheses and may hold anything; fields are counted from behind it.
    let text = try contents(of: "/proc/\(pid)/stat")
    let fields = text[(text.lastIndex(of: ")") ?? text.startIndex)...].split(separator: " ")
    guard fields.count > 13, let user = Double(fields[12]), let system = Double(fields[13]) else {
      throw BenchError("/proc/\(pid)/stat reads \(text)")
    }
    return (user + system) / Double(sysconf(Int32(_SC_CLK_TCK)))
  }

  /// The same for all children that have ended.
  static var cpuSecondsOfChildren: Double {
    var usage = rusage()
    getrusage(RUSAGE_CHILDREN.rawValue, &usage)
    func seconds(_ time: timeval) -> Double { Double(time.tv_sec) + Double(time.tv_usec) * 1e-6 }
    return seconds(usage.ru_utime) + seconds(usage.ru_stime)
  }

  private static func contents(of path: String) throws -> String {
    guard let text = try? String(contentsOfFile: path, encoding: .utf8) else {
      throw BenchError("\(path) cannot be read")
    }
    return text
  }
}
