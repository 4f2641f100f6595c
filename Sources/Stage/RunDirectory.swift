/// The files of one run, by their names in INTERFACES.
package struct RunDirectory: Sendable {
  package let path: String

  package init(_ path: String) { self.path = path }

  package var scenario: String { "\(path)/scenario.json" }
  package var seed: String { "\(path)/seed" }
  package var events: String { "\(path)/events.jsonl" }
  package var drops: String { "\(path)/drops.jsonl" }
  package var verdict: String { "\(path)/verdict.json" }
  package var junit: String { "\(path)/junit.xml" }
  package var report: String { "\(path)/report.html" }
  /// When it began and ended, who is who, how well the laboratory did.
  var facts: String { "\(path)/run.json" }
  /// What programs keep; it goes after the run unless somebody wants it.
  package var data: String { "\(path)/data" }

  func capture(of host: String) -> String { "\(path)/\(host).pcap" }
  func keys(of host: String) -> String { "\(path)/\(host).keys" }
  func data(of host: String) -> String { "\(data)/\(host)" }

  /// The first start's, or a later one's.
  func log(of host: String, start: Int) -> String {
    start == 1 ? "\(path)/\(host).log" : "\(path)/\(host)-\(start).log"
  }
}

/// What is known of a run besides its plan and what was recorded.
struct RunFacts: Codable, Sendable {
  var beganNs: UInt64
  /// None while it goes on, or if it was cut off.
  var endedNs: UInt64?
  /// PeerIDs by host.
  var peers: [String: String]
  /// Hosts by every address they had.
  var addresses: [String: String]
  var health = HealthFacts()
  /// Why its steps were not all done.
  var failure: String?
  var wasInterrupted = false

  struct HealthFacts: Codable, Sendable {
    var scheduling = ""
    var latenessP50Ms: Double = 0
    var latenessP99Ms: Double = 0
    /// None in runs recorded before there was such a bound.
    var latenessP99AtLeastMs: Double?
    var latenessMaxMs: Double = 0
    var deliveries: UInt64 = 0
    var queueDrops: UInt64 = 0
    var refused: UInt64 = 0
    var captureLost: UInt64 = 0
    var faults: [String] = []
  }
}
