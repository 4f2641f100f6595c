import FoundationEssentials
package import Lab
import NetworkModel
import SansIO

/// All kinds at once in one laboratory.
package struct Certification {
  private let kinds: [Kind]

  /// A prober is done in eight seconds. On a busy machine it may take a few times that.
  private static let patience = Duration.seconds(45)

  /// Kinds are probed again when the machine was too late for what was measured to mean anything: by its own
  /// clock, whatever the outcome.
  private static let roundsMax = 3

  /// Processes that start keep the machine busy, and so do probers with their first questions: the former are
  /// over before the latter begin, one after the other.
  private static let startUp = Duration.milliseconds(20)
  private static let stagger = Duration.milliseconds(30)

  package init(_ kinds: [Kind] = Catalogue.all) {
    self.kinds = kinds
  }

  /// Builds the laboratory, probes, and takes it down. Inside a ``Sandbox`` only.
  ///
  /// - Parameter executable: becomes an ``Agent`` when it is run with the arguments of `agent`.
  package func run(
    executable: String = "/proc/self/exe", agent: (Agent, Agent.Orders) -> [String]
  ) throws(LabError) -> Certificate {
    let start = MonotonicClock.now
    let topology = Topology(kinds)
    let laboratory = try Laboratory.start(network: topology.network, hosts: topology.hosts)
    defer { laboratory.stop(grace: .seconds(1)) }

    var reflector = ProcessDescription("reflector", executable, agent(.reflector, .init()))
    (reflector.output, reflector.nice) = (.lines, 0)
    let server = try laboratory.spawn(reflector, in: "reflector")
    for (index, kind) in kinds.enumerated() {
      if case .kernel(let router) = kind.box {
        try router.apply(
          to: "router\(index)", external: Topology.externals(of: kind, index)[0], in: laboratory)
      }
    }
    var position = 0
    let ready = server.next(from: &position, until: MonotonicClock.now + .seconds(20)) {
      $0 == .line(Agent.ready)
    }
    guard ready != nil else { throw .program("the reflector did not start\(server.lastWords)") }

    var results = kinds.map { Certificate.Result($0, .late) }
    var rounds = 0
    while rounds < Self.roundsMax, results.contains(where: \.isLate) {
      let late = results.indices.filter { results[$0].isLate }
      try probe(late, in: laboratory, executable, agent) { index, measurement in
        results[index] = Certificate.Result(kinds[index], measurement)
      }
      rounds += 1
    }
    let health = laboratory.health()
    return Certificate(results: results, health: health, duration: MonotonicClock.now - start, rounds: rounds)
  }

  /// One round, of some kinds.
  private func probe(
    _ indices: [Int], in laboratory: Laboratory, _ executable: String,
    _ agent: (Agent, Agent.Orders) -> [String],
    _ body: (Int, Certificate.Result.Measurement) -> Void
  ) throws(LabError) {
    var probers: [HostProcess] = []
    var orders = Agent.Orders()
    orders.start = (MonotonicClock.now + Self.startUp * indices.count).nanoseconds
    for index in indices {
      orders.sockets = kinds[index].sockets
      orders.start += UInt64(clamping: Self.stagger.clampedNanoseconds)
      var prober = ProcessDescription("prober", executable, agent(.prober, orders))
      (prober.output, prober.nice) = (.lines, 0)
      probers.append(try laboratory.spawn(prober, in: "client\(index)"))
    }
    let deadline = MonotonicClock.now + Self.patience
    for (index, prober) in zip(indices, probers) {
      body(index, Self.measurement(by: prober, prober.awaitEnd(until: deadline), in: laboratory))
    }
  }

  private static func measurement(
    by prober: HostProcess, _ end: ProcessEnd?, in laboratory: Laboratory
  ) -> Certificate.Result.Measurement {
    guard let end else {
      prober.crash()
      return .failed("the prober did not come to an end")
    }
    let lines = laboratory.events.events().compactMap { event -> String? in
      guard event.host == prober.host, case .line(let line) = event.kind else { return nil }
      return line
    }
    guard end == .exited(0), let line = lines.last,
      let report = try? JSONDecoder().decode(Agent.Report.self, from: Data(line.utf8))
    else { return .failed("the prober \(end)\(prober.lastWords)") }
    return .milliseconds(report.lateMilliseconds) > Lifetime.latenessMax ? .late : .profile(report.profile)
  }
}
