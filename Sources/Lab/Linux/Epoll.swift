import CLinux
import Glibc

/// Which descriptors are ready. Each is known by a tag of its owner's choice.
struct Epoll: ~Copyable {
  static let readable = UInt32(linux_readable)
  static let writable = UInt32(linux_writable)

  private let descriptor: Descriptor
  /// Filled by `wait`, read by index: no allocation a turn.
  private let ready: UnsafeMutableBufferPointer<linux_ready>

  /// `batch` at most are reported at once; the rest is next.
  init(batch: Int = 128) throws(SystemError) {
    descriptor = Descriptor(try check(linux_epoll_create(), "epoll"))
    ready = .allocate(capacity: batch)
    ready.initialize(repeating: linux_ready())
  }

  deinit { ready.deallocate() }

  func add(_ fd: CInt, _ events: UInt32 = Epoll.readable, tag: UInt64) throws(SystemError) {
    try check(linux_epoll_add(descriptor.number, fd, events, tag), "epoll")
  }

  func modify(_ fd: CInt, _ events: UInt32, tag: UInt64) {
    _ = linux_epoll_modify(descriptor.number, fd, events, tag)
  }

  func remove(_ fd: CInt) { _ = linux_epoll_remove(descriptor.number, fd) }

  /// How many are ready; -1 waits without end.
  func wait(milliseconds: CInt = -1) -> Int {
    Int(max(0, linux_epoll_wait(descriptor.number, ready.baseAddress, CInt(ready.count), milliseconds)))
  }

  subscript(index: Int) -> (tag: UInt64, events: UInt32) {
    (ready[index].tag, ready[index].events)
  }
}

/// Wakes a thread that waits in ``Epoll``; as often as one likes, it is seen once.
struct WakeUp: Sendable {
  private let descriptor: Descriptor

  init() throws(SystemError) {
    descriptor = Descriptor(try check(linux_event_create(), "eventfd"))
  }

  var number: CInt { descriptor.number }

  func signal() {
    var one: UInt64 = 1
    _ = write(descriptor.number, &one, 8)
  }

  func clear() {
    var count: UInt64 = 0
    _ = read(descriptor.number, &count, 8)
  }
}
