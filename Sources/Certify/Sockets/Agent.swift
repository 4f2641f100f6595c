import FoundationEssentials
import Glibc
import Lab
import SansIO

/// What this program is when it runs inside a host of the certification.
package enum Agent: String, CaseIterable, Sendable {
  /// Serves until it is killed; says `ready`.
  case reflector
  /// Measures, and says what it found as one line of JSON.
  case prober

  /// What a prober says at its end.
  struct Report: Codable {
    let profile: Profile
    let lateMilliseconds: Int

    init(_ profile: Profile, late: Duration) {
      self.profile = profile
      lateMilliseconds = Int(late / .milliseconds(1))
    }
  }

  /// What an agent is told on its command line.
  package struct Orders: Hashable, Sendable {
    /// See ``UDPProber/measure(sockets:)``.
    package var sockets = 0
    /// When to begin, in nanoseconds of CLOCK_MONOTONIC: not all at once.
    package var start: UInt64 = 0

    package init() {}
  }

  package func run(_ orders: Orders) throws {
    // Somebody who connects and goes must not end the reflector.
    signal(SIGPIPE, SIG_IGN)
    switch self {
    case .reflector:
      var server = try ReflectorServer()
      say(Self.ready)
      try server.run()
    case .prober:
      let wait = Instant(nanoseconds: orders.start) - MonotonicClock.now
      if wait > .zero { usleep(UInt32(clamping: Int(wait / .microseconds(1)))) }
      let report = try Self.probe(orders.sockets)
      say(String(decoding: try JSONEncoder().encode(report), as: UTF8.self))
    }
  }

  static let ready = "ready"

  /// TCP on a thread of its own, so that its waiting overlaps with that of UDP.
  private static func probe(_ sockets: Int) throws -> Report {
    let outcome = Monitor<Result<Report, SystemError>?>(nil)
    let thread = try Thread("probe-tcp") {
      let result: Result<Report, SystemError>
      do throws(SystemError) {
        var prober = TCPProber()
        let profile = try prober.measure()
        result = .success(Report(profile, late: prober.lateness))
      } catch {
        result = .failure(error)
      }
      outcome.withLock { $0 = result }
    }
    var prober = UDPProber(SocketVantage())
    var profile = try prober.measure(sockets: sockets)
    var lateness = prober.lateness
    thread.join()
    if let tcp = try outcome.peek({ $0 })?.get() {
      profile.merge(tcp.profile)
      lateness = max(lateness, .milliseconds(tcp.lateMilliseconds))
    }
    return Report(profile, late: lateness)
  }

  private func say(_ line: String) {
    let bytes = Array("\(line)\n".utf8)
    _ = bytes.withUnsafeBytes { write(STDOUT_FILENO, $0.baseAddress, $0.count) }
  }
}
