import CLinux
import Glibc
package import NetworkModel
package import SansIO

/// What lies between the hosts: one thread that reads every TUN device, hands each packet to the modelled
/// network, and writes into a TUN device what the network delivers, when it is due.
///
/// The network belongs to that thread. Others change it by ``change(_:)``, which runs on the thread between
/// two turns and waits for the result.
package final class Fabric: Sendable {
  /// Above every ordinary thread; there is nothing else of real time in here to compare with.
  static let fifoPriority: CInt = 10

  /// Commands not yet carried out. Each has a thread waiting for it, so only a bug fills this.
  private static let commandsMax = 4096

  private let commands: Monitor<Queue>
  private let wake: WakeUp
  private let thread: Thread
  private let obituary: Monitor<BoundedQueue<Death>>

  typealias Command = @Sendable (FabricLoop) -> Void

  struct Queue {
    var commands = BoundedQueue<Command>(limit: Fabric.commandsMax)
    var isClosed = false
    /// What remains when the thread has ended.
    var lastHealth: Health?
  }

  /// Starts the thread. `capture`, if any, gets every packet that enters or leaves an interface.
  package init(_ network: consuming sending Network, capture: CaptureRing? = nil) throws(LabError) {
    let commands = Monitor(Queue())
    // Deaths that wait to be collected: some seconds of a flood at the fabric's limit.
    let obituary = Monitor(BoundedQueue<Death>(limit: 1 << 18))
    let network = network
    do throws(SystemError) {
      let wake = try WakeUp()
      let loop = try FabricLoop(network, capture: capture, obituary: obituary, wake: wake, commands: commands)
      thread = try RealTimeThreads.start("lab-fabric", stackBytes: 4 << 20) { loop.run() }
      self.wake = wake
    } catch {
      throw .system("start the fabric", error)
    }
    self.commands = commands
    self.obituary = obituary
  }

  /// Connects a host's device to the network's interface of that identity.
  package func attach(_ device: Descriptor, as interface: InterfaceID) throws(LabError) {
    let refusal = try perform { $0.attach(device, as: interface) }
    if let refusal { throw .system("attach interface \(interface.rawValue)", refusal) }
  }

  /// Forgets a device. Packets for it are counted as undeliverable from here on.
  package func detach(_ interface: InterfaceID) throws(LabError) {
    try perform { $0.detach(interface) }
  }

  /// Reads or changes the network between two turns, and waits for the result. `body` gets the fabric's time,
  /// and holds up every packet while it runs.
  package func change<Value: Sendable>(
    _ body: @escaping @Sendable (inout Network, Instant) -> Value
  ) throws(LabError) -> Value {
    try perform { loop in loop.change(body) }
  }

  /// As of now, or as of the end.
  package func health() -> Health {
    if let health = try? perform({ $0.health }) { return health }
    return commands.peek { $0.lastHealth ?? Health() }
  }

  /// Packets that died since the last call, oldest first, at most `limit`.
  package func collectDeaths(limit: Int = 4096) -> [Death] {
    obituary.withLock { queue in
      var deaths: [Death] = []
      while deaths.count < limit, let death = queue.popFirst() { deaths.append(death) }
      return deaths
    }
  }

  /// Ends the thread; packets under way are forgotten. Call once.
  func end() {
    try? perform { $0.stop() }
    thread.join()
  }

  private func perform<Value: Sendable>(
    _ body: @escaping @Sendable (FabricLoop) -> Value
  ) throws(LabError) -> Value {
    let outcome = Monitor<Value?>(nil)
    let isAccepted = commands.withLock { queue in
      if queue.isClosed { return false }
      return queue.commands.append { loop in
        let value = body(loop)
        outcome.withLock { $0 = value }
      }
    }
    guard isAccepted else { throw .ended("the fabric") }
    wake.signal()
    guard let value = outcome.wait({ $0 }) else { throw .ended("the fabric") }
    return value
  }
}
