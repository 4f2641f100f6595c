import Glibc

/// What a face waits with: keys on one descriptor, news on another.
enum Waiting {
  enum Input {
    case none, readable
    /// Nobody will write there any more.
    case closed
  }

  /// Returns when there is input or news, or the milliseconds have passed; -1 is for ever.
  static func wait(input: CInt?, inbox: Inbox, milliseconds: CInt = -1) -> Input {
    var descriptors = [
      pollfd(fd: input ?? -1, events: Int16(POLLIN), revents: 0),
      pollfd(fd: inbox.descriptor, events: Int16(POLLIN), revents: 0),
    ]
    guard poll(&descriptors, nfds_t(descriptors.count), milliseconds) > 0 else { return .none }
    let events = CInt(descriptors[0].revents)
    if events & POLLIN != 0 { return .readable }
    return events & (POLLHUP | POLLERR | POLLNVAL) != 0 ? .closed : .none
  }

  /// Milliseconds since the Unix epoch.
  static var nowMs: Int64 {
    var now = timespec()
    clock_gettime(CLOCK_REALTIME, &now)
    return Int64(now.tv_sec) * 1000 + Int64(now.tv_nsec) / 1_000_000
  }
}
