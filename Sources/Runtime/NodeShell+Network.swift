import NIOCore
import Node
import SansIO
import Wire

// What happens to the machine under a node: its addresses change, or it sleeps.
extension NodeShell {
  func startNetworkWatch() {
    localAddresses = Interfaces.addresses
    networkWatch.start(on: loop) { [weak self] in self?.networkMayHaveChanged() }
  }

  func stopNetworkWatch() {
    networkLook?.cancel()
    networkLook = nil
    networkWatch.close()
  }

  /// The kernel tells of every single step of a change; they are looked at together.
  private func networkMayHaveChanged() {
    guard case .running = phase, networkLook == nil else { return }
    let delay = TimeAmount(configuration.networkSettleDelay)
    networkLook = loop.assumeIsolated().scheduleTask(in: delay) { [weak self] in self?.lookAtNetwork() }
  }

  private func lookAtNetwork() {
    networkLook = nil
    guard case .running = phase else { return }
    let addresses = Interfaces.addresses
    // None at all, not even loopback: the kernel could not be asked, for want of a descriptor perhaps.
    guard !addresses.isEmpty, addresses != localAddresses else { return }
    localAddresses = addresses
    followInterfaces()
    turn { node, now in node.networkChanged(addresses: addresses, at: now) }
  }

  /// The monotonic clock stands still while the machine sleeps, and the wall clock does not: a difference is
  /// a sleep, or a clock that was set, after which asking once too often does no harm.
  func noticeSleep(wallClockMs: Int64, at now: Instant) {
    defer { lastClocks = (wallClockMs, now) }
    guard let last = lastClocks else { return }
    let unseen = Duration.milliseconds(wallClockMs - last.wallMs) - (now - last.now)
    guard unseen > configuration.sleepMin, !localAddresses.isEmpty else { return }
    counters.sleeps += 1
    node.networkChanged(addresses: localAddresses, at: now)
  }
}
