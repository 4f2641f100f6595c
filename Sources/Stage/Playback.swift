import Capture
import FoundationEssentials
import Identity
import NetworkModel
import SansIO
package import Scenario
package import Verdict
import Wire

/// A recorded run as what is judged: from its directory alone.
package struct Playback {
  package let trace: Trace
  package let plan: Plan
  /// Why the steps were not all done.
  package let failure: String?
  package let wasInterrupted: Bool

  /// - Parameter readsCaptures: whether packets are wanted, too, which takes long.
  package init(of directory: RunDirectory, readsCaptures: Bool = true) throws(StageError) {
    let facts = try RunFacts(from: directory)
    do {
      plan = try JSONDecoder().decode(
        Plan.self, from: Data(contentsOf: URL(filePath: directory.scenario)))
    } catch {
      throw StageError("\(directory.scenario) cannot be read", because: error)
    }
    failure = facts.failure
    wasInterrupted = facts.wasInterrupted
    let began = Instant(nanoseconds: facts.beganNs)
    var trace = Trace(
      plan: plan, began: began, ended: Instant(nanoseconds: facts.endedNs ?? facts.beganNs))
    trace.health = Health(facts)
    let hosts = Dictionary(facts.peers.map { ($1, $0) }, uniquingKeysWith: { first, _ in first })
    let end = facts.endedNs.map { Instant(nanoseconds: $0) }
    try Self.readEvents(directory, until: end, into: &trace) { hosts[$0] }
    Self.readDrops(directory, into: &trace)
    if readsCaptures { Self.readCaptures(directory, facts, into: &trace) }
    trace.complete()
    self.trace = trace
  }

  // MARK: Events and steps

  private struct Line: Decodable {
    struct Event: Decodable { let params: [String: Loose] }
    let timeNs: UInt64
    let host: String?
    let event: Event?
    let step: Int?
    let phase: String?
    let failure: String?
    let stream: Int?
    let number: Int?
  }

  /// - Parameter end: of the run. After it the laboratory takes itself down, which proves nothing of anybody.
  private static func readEvents(
    _ directory: RunDirectory, until end: Instant?, into trace: inout Trace, _ name: (String) -> String?
  ) throws(StageError) {
    guard let data = try? Data(contentsOf: URL(filePath: directory.events)) else {
      throw StageError("\(directory.events) cannot be read")
    }
    let decoder = JSONDecoder()
    var deeds: [Int: Int] = [:]
    for line in data.split(separator: UInt8(ascii: "\n")) {
      // The last line of a run that was cut off may be half a line.
      guard let line = try? decoder.decode(Line.self, from: line) else { continue }
      let at = Instant(nanoseconds: line.timeNs)
      if let end, at > end { continue }
      if let host = line.host, let params = line.event?.params {
        if let event = NodeEvent(host: host, at: at, params, name) { trace.events.append(event) }
      } else if let step = line.stream, let number = line.number {
        trace.posts.append(Post(step: step, number: number, at: at, failure: line.failure))
      } else if let step = line.step {
        if line.phase == "began" {
          deeds[step] = trace.deeds.count
          trace.deeds.append(Deed(step: step, began: at, ended: nil))
        } else if let index = deeds[step] {
          trace.deeds[index].ended = at
          trace.deeds[index].failure = line.failure
        }
      }
      trace.ended = max(trace.ended, at)
    }
  }

  private struct DropLine: Decodable {
    let timeNs: UInt64
    let box, rule, flow: String
    let from: String?
  }

  private static func readDrops(_ directory: RunDirectory, into trace: inout Trace) {
    guard let data = try? Data(contentsOf: URL(filePath: directory.drops)) else { return }
    let decoder = JSONDecoder()
    for (index, line) in data.split(separator: UInt8(ascii: "\n")).enumerated() {
      guard let drop = try? decoder.decode(DropLine.self, from: line) else { continue }
      trace.drops.append(
        Drop(
          index + 1, at: Instant(nanoseconds: drop.timeNs), box: drop.box, rule: drop.rule, from: drop.from,
          flow: drop.flow))
    }
  }

  // MARK: Captures

  private static func readCaptures(_ directory: RunDirectory, _ facts: RunFacts, into trace: inout Trace) {
    var keys = KeyRing()
    for host in trace.plan.hosts where host.isOurs {
      try? keys.add(contentsOf: directory.keys(of: host.name))
    }
    let names = Names(
      hosts: Dictionary(
        facts.peers.compactMap { host, peer in (try? PeerID(peer)).map { ($0, host) } },
        uniquingKeysWith: { first, _ in first }),
      addresses: Dictionary(
        facts.addresses.compactMap { address, host in Address(address).map { (IPAddress($0), host) } },
        uniquingKeysWith: { first, _ in first }))
    for host in trace.plan.hosts where host.captures {
      do throws(CaptureError) {
        let timeline = try Timeline(reading: directory.capture(of: host.name), keys: keys)
        if let failure = timeline.failure { trace.health.faults.append("\(host.name)'s capture: \(failure)") }
        trace.append(timeline, of: host.name, names: names)
      } catch {
        trace.health.faults.append("\(host.name)'s capture: \(error)")
      }
    }
  }
}

extension Health {
  fileprivate init(_ facts: RunFacts) {
    self.init()
    latenessP99Ms = facts.health.latenessP99Ms
    latenessP99AtLeastMs = facts.health.latenessP99AtLeastMs ?? latenessP99Ms
    latenessMaxMs = facts.health.latenessMaxMs
    tunDrops = Int(clamping: facts.health.queueDrops + facts.health.refused)
    captureLost = Int(clamping: facts.health.captureLost)
    faults = facts.health.faults
    if facts.endedNs == nil { faults.append("the run was cut off before its end") }
    if facts.wasInterrupted { faults.append("the run was interrupted") }
  }
}

extension IPAddress {
  fileprivate init(_ address: Address) {
    self =
      address.isIPv4
      ? .v4(IPv4Address(rawValue: address.v4)) : .v6(IPv6Address(upper: address.high, lower: address.low))
  }
}
