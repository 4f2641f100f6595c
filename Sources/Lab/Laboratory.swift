package import NetworkModel
import SansIO

/// Hosts, the network between them, and what runs in them. Made inside a ``Sandbox``.
///
///     let signals = try Sandbox.enter(configuration)
///     let laboratory = try Laboratory.start(network: network, hosts: descriptions)
///     let alice = try laboratory.spawn(description, in: "alice")
///     try laboratory.fabric.change { network, now in … }
///     laboratory.stop()
///
/// All calls may come from any thread, and wait.
package final class Laboratory: Sendable {
  package let fabric: Fabric
  package let events = EventLog()
  /// In the order of the descriptions.
  package let hosts: [Host]
  /// The run's times in terms of the Unix epoch.
  package let origin = WallClockOrigin()

  private let hostsByName: [String: Host]
  private let watch: ProcessWatch
  private let capture: CaptureReader?
  private let roster = Monitor(Roster())

  private struct Roster {
    var processes: [HostProcess] = []
    var isStopped = false
    /// Those of hosts that have ended.
    var queueDrops: UInt64 = 0
  }

  /// Builds every host and connects it. `network` knows their interfaces by the same identities. `capture`
  /// gets every packet at every interface, on a thread of its own; what it does not take in time is lost and
  /// counted.
  package static func start(
    network: consuming sending Network, hosts descriptions: [HostDescription],
    capture: (@Sendable (CapturedPacket) -> Void)? = nil
  ) throws(LabError) -> Laboratory {
    if let problem = problem(of: descriptions) { throw .description(problem) }
    let constructions = try descriptions.map { description throws(LabError) in try Host.building(description)
    }
    // All of them, also when one has failed: the others are to be ended.
    var hosts: [Host] = []
    var failure: LabError?
    for construction in constructions {
      do throws(LabError) {
        hosts.append(try construction.finished())
      } catch {
        failure = failure ?? error
      }
    }
    do throws(LabError) {
      if let failure { throw failure }
      return try Laboratory(network, hosts, capture)
    } catch {
      for host in hosts { host.end() }
      throw error
    }
  }

  private init(
    _ network: consuming sending Network, _ hosts: [Host], _ body: (@Sendable (CapturedPacket) -> Void)?
  ) throws(LabError) {
    self.hosts = hosts
    hostsByName = Dictionary(hosts.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
    watch = try ProcessWatch(events)
    var ring: CaptureRing?
    var reader: CaptureReader?
    if let body {
      let made = CaptureRing()
      ring = made
      reader = try attempting("start capturing") { () throws(SystemError) in try CaptureReader(made, body) }
    }
    capture = reader
    fabric = try Fabric(network, capture: ring)
    for host in hosts {
      for device in host.devices { try fabric.attach(device.descriptor, as: device.id) }
    }
  }

  private static func problem(of descriptions: [HostDescription]) -> String? {
    if let problem = descriptions.lazy.compactMap(\.problem).first { return problem }
    var names: Set<String> = []
    if let twice = descriptions.first(where: { !names.insert($0.name).inserted }) {
      return "two hosts are called \(twice.name)"
    }
    var ids: Set<InterfaceID> = []
    for description in descriptions {
      if let twice = description.interfaces.first(where: { !ids.insert($0.id).inserted }) {
        return
          "\(description.name)'s \(twice.name) is an interface of another host too (\(twice.id.rawValue))"
      }
    }
    return nil
  }

  // MARK: Hosts and processes

  package func host(_ name: String) throws(LabError) -> Host {
    guard let host = hostsByName[name] else { throw .description("there is no host \(name)") }
    return host
  }

  /// Starts a program in a host.
  package func spawn(_ description: ProcessDescription, in host: String) throws(LabError) -> HostProcess {
    if roster.peek({ $0.isStopped }) { throw .ended("the laboratory") }
    let process = try self.host(host).spawn(description, watch: watch, events: events)
    roster.withLock { roster in
      roster.processes.removeAll { $0.end != nil }
      roster.processes.append(process)
    }
    return process
  }

  /// Processes that run.
  package var processes: [HostProcess] { roster.peek { $0.processes.filter { $0.end == nil } } }

  // MARK: Its health, its end

  /// How well the laboratory has done until now; asks every host for its devices' counters.
  package func health() -> Health {
    var health = fabric.health()
    health.queueDrops = roster.peek { $0.queueDrops }
    for host in hosts {
      for counters in ((try? host.counters()) ?? [:]).values { health.queueDrops += counters.sendDropped }
    }
    return health
  }

  /// Ends everything in order, and returns how well it had done: processes are asked to end and after the
  /// grace time killed, captures are written to their end, hosts go. A second call only returns.
  @discardableResult
  package func stop(grace: Duration = .seconds(5)) -> Health {
    let isFirst = roster.withLock { roster in
      defer { roster.isStopped = true }
      return !roster.isStopped
    }
    guard isFirst else { return health() }
    stopProcesses(grace)
    let health = health()
    roster.withLock { $0.queueDrops = health.queueDrops }
    watch.end()
    fabric.end()
    capture?.end()
    // The kernel takes some milliseconds for each device; together they take hardly longer than one.
    for host in hosts { host.startEnding() }
    for host in hosts { host.end() }
    return health
  }

  private func stopProcesses(_ grace: Duration) {
    let running = processes
    for process in running { process.askToEnd() }
    let deadline = MonotonicClock.now + grace
    for process in running where process.awaitEnd(until: deadline) == nil { process.crash() }
  }
}
