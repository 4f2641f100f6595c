import CLinux
import Glibc
import NetworkModel
import SansIO

/// The fabric's thread. A turn: wait until a device is readable, the timer fires or a command comes; then
/// read some packets of each readable device and hand over what is due after each device, so that nobody's
/// burst makes the others' packets late.
// Unchecked: everything in it belongs to the thread that calls run().
final class FabricLoop: @unchecked Sendable {
  private var network: Network
  private let capture: CaptureRing?
  private let obituary: Monitor<BoundedQueue<Death>>
  private let commands: Monitor<Fabric.Queue>
  private let wake: WakeUp
  private let epoll: Epoll
  private let timer: Descriptor
  private var armedFor: Instant?
  private var isStopping = false

  /// By interface, which the network numbers from zero.
  private var devices: [Descriptor?] = []
  private let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 65536, alignment: 8)
  private var figures = Health()

  private static let wakeTag = UInt64.max
  private static let timerTag = UInt64.max - 1
  /// Packets of one device before what is due is handed over: a tenth of a millisecond's work.
  private static let readBatch = 16
  /// The most interfaces a network may have; a bound on a table indexed by their number.
  private static let interfacesMax = 65_536

  init(
    _ network: consuming Network, capture: CaptureRing?, obituary: Monitor<BoundedQueue<Death>>, wake: WakeUp,
    commands: Monitor<Fabric.Queue>
  ) throws(SystemError) {
    self.network = network
    self.capture = capture
    self.obituary = obituary
    self.commands = commands
    self.wake = wake
    epoll = try Epoll()
    timer = Descriptor(try check(linux_timer_create(), "timerfd"))
    try epoll.add(wake.number, tag: Self.wakeTag)
    try epoll.add(timer.number, tag: Self.timerTag)
  }

  deinit { buffer.deallocate() }

  func run() {
    figures.scheduling = Self.schedule()
    while !isStopping {
      arm()
      let count = epoll.wait()
      let start = MonotonicClock.now
      for index in 0..<count { serve(epoll[index].tag) }
      deliver()
      bury()
      figures.longestTurn = max(figures.longestTurn, MonotonicClock.now - start)
    }
    close()
  }

  private static func schedule() -> Health.Scheduling {
    if linux_is_fifo() != 0 || linux_schedule_fifo(0, Fabric.fifoPriority) == 0 { return .realTime }
    return linux_nice_thread(-10) == 0 ? .nice : .ordinary
  }

  // MARK: A turn

  private func arm() {
    let deadline = network.deadline
    if deadline == armedFor { return }
    armedFor = deadline
    // Zero would disarm the timer; one nanosecond after the origin is just as much in the past.
    _ = linux_timer_arm(timer.number, deadline.map { max(1, $0.nanoseconds) } ?? 0)
  }

  private func serve(_ tag: UInt64) {
    switch tag {
    case Self.wakeTag: runCommands()
    case Self.timerTag:
      var expirations: UInt64 = 0
      _ = read(timer.number, &expirations, 8)
      armedFor = nil
      deliver()
    default:
      receive(from: InterfaceID(rawValue: Int(tag)))
      deliver()
    }
  }

  private func receive(from interface: InterfaceID) {
    guard let device = device(interface) else { return }
    for _ in 0..<Self.readBatch {
      let count = read(device.number, buffer.baseAddress, buffer.count)
      guard count > 0 else { return }
      let now = MonotonicClock.now
      let bytes = UnsafeRawBufferPointer(rebasing: buffer[..<count])
      capture?.write(bytes, .outgoing, of: interface, at: now)
      figures.received += 1
      figures.receivedBytes += UInt64(count)
      network.receive(Array(bytes), from: interface, at: now)
    }
  }

  private func deliver() {
    network.advance(to: MonotonicClock.now)
    while let delivery = network.nextDelivery() {
      guard let device = device(delivery.interface) else {
        figures.undeliverable += 1
        continue
      }
      let now = MonotonicClock.now
      delivery.packet.bytes.withUnsafeBytes { bytes in
        guard write(device.number, bytes.baseAddress, bytes.count) >= 0 else {
          // The device answers EIO while it is down.
          if errno == EIO { figures.undeliverable += 1 } else { figures.refused += 1 }
          return
        }
        capture?.write(bytes, .incoming, of: delivery.interface, at: now)
        figures.delivered += 1
        figures.deliveredBytes += UInt64(bytes.count)
        let lateness = (now - delivery.dueAt).clampedNanoseconds
        figures.lateness.record(nanoseconds: UInt64(max(0, lateness)))
      }
    }
  }

  private func bury() {
    guard let first = network.nextDeath() else { return }
    obituary.withLock { queue in
      var next: Death? = first
      while let death = next {
        if !queue.append(death) { figures.deathsLost += 1 }
        next = network.nextDeath()
      }
    }
  }

  private func device(_ interface: InterfaceID) -> Descriptor? {
    devices.indices.contains(interface.rawValue) ? devices[interface.rawValue] : nil
  }

  // MARK: Commands

  private func runCommands() {
    wake.clear()
    while let command = commands.withLock({ $0.commands.popFirst() }) { command(self) }
  }

  func attach(_ device: Descriptor, as interface: InterfaceID) -> SystemError? {
    guard (0..<Self.interfacesMax).contains(interface.rawValue) else {
      return SystemError("interface \(interface.rawValue)", code: ERANGE)
    }
    while devices.count <= interface.rawValue { devices.append(nil) }
    detach(interface)
    do throws(SystemError) {
      try epoll.add(device.number, tag: UInt64(interface.rawValue))
    } catch {
      return error
    }
    devices[interface.rawValue] = device
    return nil
  }

  func detach(_ interface: InterfaceID) {
    guard let device = device(interface) else { return }
    epoll.remove(device.number)
    devices[interface.rawValue] = nil
  }

  func change<Value>(_ body: (inout Network, Instant) -> Value) -> Value {
    let now = MonotonicClock.now
    network.advance(to: now)
    return body(&network, now)
  }

  var health: Health {
    var health = figures
    health.captureLost = capture?.lost ?? 0
    return health
  }

  func stop() { isStopping = true }

  /// Commands that came too late are carried out too: their callers wait.
  private func close() {
    let rest = commands.withLock { queue in
      queue.isClosed = true
      queue.lastHealth = health
      var rest: [Fabric.Command] = []
      while let command = queue.commands.popFirst() { rest.append(command) }
      return rest
    }
    for command in rest { command(self) }
    devices = []
  }
}
