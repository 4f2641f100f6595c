import SansIO
import Scenario
import Verdict

/// A trace as well-behaved nodes would leave it, with a knob for each way to misbehave. Three nodes, a hub
/// and two others; packets go from one to every other in 20 ms.
struct Village {
  /// What is wrong with the nodes.
  enum Defect: CaseIterable {
    case none, reapsAt20Seconds, answersRefresh, beatsEvery25Seconds, neverWelcomes, announcesAt300ms
    case countsPingAsLife
  }

  static let names = ["hub", "ana", "ben"]
  static let began = Instant(nanoseconds: 1_800_000_000_000_000_000)

  var defect = Defect.none
  /// When Ben is killed, in seconds; never if absent.
  var crash: Double?
  /// Everybody has a reservation there, and everything between them goes over its circuits.
  let relay: String?
  var seconds: Double = 130
  var trace: Trace
  private var packet = 0
  /// What will be said; numbers are given in the order of the times.
  private var speeches: [(second: Double, author: String, text: String)] = []
  private var sequences: [String: UInt64] = [:]
  private var eventNumbers: [String: Int] = [:]

  init(
    _ defect: Defect = .none, crash: Double? = 40, over relay: String? = nil,
    expecting body: (Script, [Node]) -> Void
  ) {
    self.defect = defect
    self.crash = crash
    self.relay = relay
    let script = Script(name: "village", seed: 1)
    let nodes = Self.names.map { script.node($0) }
    script.start(nodes)
    if let crash {
      script.wait(.seconds(Int64(crash)))
      nodes[2].crash()
    }
    body(script, nodes)
    trace = Trace(plan: script.plan, began: Self.began, ended: Self.began + .seconds(130))
    live()
  }

  func at(_ seconds: Double) -> Instant {
    Self.began + .milliseconds(Int64(seconds * 1000))
  }

  func isAlive(_ name: String, _ second: Double) -> Bool {
    name != "ben" || crash.map { second < $0 } ?? true
  }

  // What happens.

  private mutating func live() {
    trace.deeds = trace.plan.steps.map { step in
      switch step.action {
      case .crash: Deed(step: step.id, began: at(crash ?? 0), ended: at(crash ?? 0))
      case .wait: Deed(step: step.id, began: at(0.1), ended: at(crash ?? 0))
      default: Deed(step: step.id, began: at(0), ended: at(0.1))
      }
    }
    for (index, name) in Self.names.enumerated() {
      event(name, 0.05, "ready", [:])
      for other in Self.names where other != name {
        see(name, 0.2, .inbound, other, .secured)
        // The first that came makes ready.
        see(name, relay == nil ? 0.3 : 0.7, .inbound, other, .subscribed(topic: "p2p-chat-global"))
      }
      if let relay { see(name, 0.3, .inbound, relay, .reserved(roundTrips: 1, afterMs: 40)) }
      announce(name, startingAt: 0.3 + (defect == .announcesAt300ms ? 0.3 : 0.5) + Double(index) * 0.002)
    }
    for speech in speeches.sorted(by: { $0.second < $1.second }) {
      publish(speech.author, speech.second, speech.text)
    }
    for observer in Self.names {
      for other in Self.names where other != observer {
        event(observer, 0.9, "peer.online", ["peerId": other])
      }
    }
    if let crash { reap(after: crash) }
    trace.complete()
  }

  private mutating func announce(_ name: String, startingAt start: Double) {
    speeches.append((start, name, "ANNOUNCE:PRESENCE"))
    if defect != .neverWelcomes { speeches.append((start + 0.12, name, "ANNOUNCE:WELCOME")) }
    let interval = defect == .beatsEvery25Seconds ? 25.0 : 15
    var beat = start + interval
    while beat < seconds, isAlive(name, beat) {
      speeches.append((beat, name, "ANNOUNCE:REFRESH"))
      if defect == .answersRefresh, name != "hub" { speeches.append((beat + 0.1, "hub", "ANNOUNCE:WELCOME")) }
      beat += interval + (name == "ana" ? 0.8 : -0.7)
    }
  }

  /// The survivors reap Ben at the first scan after his silence grew too long.
  private mutating func reap(after crash: Double) {
    guard defect != .countsPingAsLife else { return }
    for observer in ["hub", "ana"] {
      let life = trace.sightings.last {
        if case .gossip("ben", _, _, _) = $0.what { $0.host == observer } else { false }
      }
      guard let life else { continue }
      let silence = defect == .reapsAt20Seconds ? 20.5 : 52
      let second = (life.at - Self.began).milliseconds / 1000 + silence
      event(observer, second, "peer.offline", ["peerId": "ben", "reason": "reaped"])
    }
  }

  // Words for what is recorded.

  mutating func publish(_ author: String, _ second: Double, _ text: String) {
    let sequence = sequences[author, default: 0] + 1
    sequences[author] = sequence
    let message = Witnessed.gossip(author: author, sequence: sequence, topic: "p2p-chat-global", text: text)
    for other in Self.names where other != author {
      see(author, second, .outbound, other, message)
      if isAlive(other, second) {
        see(other, second + 0.02, .inbound, author, message)
        see(other, second + 0.03, .inbound, author, message)
      }
    }
  }

  mutating func see(
    _ host: String, _ second: Double, _ direction: Direction, _ peer: String, _ what: Witnessed
  ) {
    packet += 1
    trace.sightings.append(
      Sighted(
        host, packet, at: at(second), direction, peer: peer,
        path: relay == nil || peer == relay ? .direct : .relayed, relay: peer == relay ? nil : relay, what))
  }

  mutating func event(
    _ host: String, _ second: Double, _ type: String, _ fields: KeyValuePairs<String, String>
  ) {
    let number = eventNumbers[host, default: 0] + 1
    eventNumbers[host] = number
    trace.events.append(NodeEvent(host, number, at: at(second), type, fields))
  }

  /// Names of what is red.
  var red: [String] {
    var trace = trace
    trace.complete()
    return Verdict(of: trace).judgements.filter { !$0.passed }.map(\.name)
  }
}
