// What came out: the expectations of a plan, judged over everything that was recorded.
//
// A `Trace` is one run on one clock: what the lab did, what nodes said, what the packets at each host show,
// which packets died where. The judge asks, for each expectation, the witness that the rules of presence
// name: packets for what is sent and received, events only for what sends no packet (the reap itself, what
// the application received). Every judgement names its evidence: host and packet number, or host and event
// number.
//
// Nothing here reads files or clocks, and a trace made by hand judges like a recorded one: that is how the
// judge itself is tested.
//
// Reading order: Trace, Sighted, NodeStates (what is true when), Judge, then Rules, one file each; Output
// writes `verdict.json`, JUnit's XML, and the page.

package import SansIO
import Scenario

/// The outcome of a run.
package struct Verdict: Sendable, Equatable {
  package enum Outcome: String, Sendable {
    case passed, failed
    /// The run proves nothing: the laboratory itself was not well.
    case void
  }

  package let scenario: String
  package let world: String
  package let seed: UInt64
  package let outcome: Outcome
  package let durationMs: Double
  package let judgements: [Judgement]
  package let health: Health
  /// Why the run is void.
  package let complaints: [String]
}

/// What became of one expectation.
package struct Judgement: Sendable, Equatable {
  package let name: String
  package let passed: Bool
  /// What was found, for a person.
  package let detail: String
  package let evidence: [Evidence]
  /// How long it took, where the claim measures that.
  package var figureMs: Double?
  /// Of the scenario's file.
  package let line: Int
}

/// Where it can be looked up.
package struct Evidence: Sendable, Equatable {
  package enum Kind: String, Sendable {
    /// A packet of a host's capture, counted from 1 as tcpdump and tshark do.
    case packet
    /// An event of a host, by its `seq`.
    case event
    /// A step of the plan.
    case step
    /// A line of the drops.
    case drop
  }

  package let host: String
  package let kind: Kind
  package let number: Int
  package let at: Instant
  package let what: String

  package init(_ host: String, _ kind: Kind, _ number: Int, at: Instant, _ what: String) {
    self.host = host
    self.kind = kind
    self.number = number
    self.at = at
    self.what = what
  }
}

/// How well the laboratory itself was.
package struct Health: Sendable, Equatable {
  /// Of the fabric, handing over packets.
  package var latenessP99Ms: Double = 0
  /// What that percentile is at least, however few the packets were: in a run of 350, the four latest are
  /// their last percent, and prove little.
  package var latenessP99AtLeastMs: Double = 0
  package var latenessMaxMs: Double = 0
  /// Packets that TUN devices had no room for.
  package var tunDrops = 0
  /// Packets that a capture missed.
  package var captureLost = 0
  /// Other reasons why nothing can be concluded, each a sentence.
  package var faults: [String] = []

  package init() {}

  /// Why a run with these tolerances is void; empty if it is not.
  func complaints(with tolerance: Plan.Tolerance) -> [String] {
    var complaints = faults
    if latenessP99AtLeastMs > tolerance.latenessP99Ms {
      complaints.append(
        "the fabric was late: \(latenessP99Ms.asTime) at the 99th percentile, "
          + "and surely \(latenessP99AtLeastMs.asTime), of \(tolerance.latenessP99Ms.asTime)")
    }
    if tunDrops + captureLost > tolerance.lostPackets {
      complaints.append(
        "\(tunDrops) packets lost by TUN devices and \(captureLost) by captures, of \(tolerance.lostPackets)")
    }
    return complaints
  }
}
