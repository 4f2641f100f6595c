import Glibc
private import Synchronization

/// The thread that empties a ``CaptureRing``.
final class CaptureReader: Sendable {
  private final class Flag: Sendable {
    let isSet = Atomic(false)
  }

  private let thread: Thread
  private let ending: Flag

  /// Calls `body` for every packet, on one thread, at most some milliseconds after it passed.
  init(_ ring: CaptureRing, _ body: @escaping @Sendable (CapturedPacket) -> Void) throws(SystemError) {
    let ending = Flag()
    self.ending = ending
    thread = try Thread("lab-capture") {
      while true {
        let isLast = ending.isSet.load(ordering: .acquiring)
        let count = ring.drain(body)
        if isLast { return }
        if count == 0 { usleep(5000) }
      }
    }
  }

  /// Returns when all that was written before has been read. Call once.
  func end() {
    ending.isSet.store(true, ordering: .releasing)
    thread.join()
  }
}
