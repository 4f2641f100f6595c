import Glibc

/// Joins standard input and output to one socket, by two threads that copy.
///
/// The event loop is never given the standard streams themselves: they may be plain files or `/dev/null`,
/// which cannot be waited for, and non-blocking mode would be shared with whoever holds the same terminal
/// or pipe, our own log on standard error first.
struct StandardStreams: Sendable {
  private let ended: AsyncStream<Never>
  private let end: AsyncStream<Never>.Continuation

  /// Starts copying. Returns the other end of the socket, which is the caller's to close.
  static func open(input: Int32, output: Int32) throws(SystemError) -> (StandardStreams, descriptor: Int32) {
    // A reader of our output that goes away is an error of that write, not the end of the process.
    signal(SIGPIPE, SIG_IGN)
    var pair: (Int32, Int32) = (-1, -1)
    let type = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
    let rc = withUnsafeMutableBytes(of: &pair) {
      socketpair(AF_UNIX, type, 0, $0.assumingMemoryBound(to: Int32.self).baseAddress)
    }
    guard rc == 0 else { throw SystemError() }
    let ours = pair.0
    let oursToo = fcntl(ours, F_DUPFD_CLOEXEC, 0)
    guard oursToo >= 0 else {
      let error = SystemError()
      close(pair.0)
      close(pair.1)
      throw error
    }
    let (ended, end) = AsyncStream<Never>.makeStream()
    startThread {
      copy(from: input, to: ours)
      shutdown(ours, Int32(SHUT_WR))
      close(ours)
    }
    startThread {
      copy(from: oursToo, to: output)
      // Whatever comes now has no reader: let the writer at the other end know.
      shutdown(oursToo, Int32(SHUT_RD))
      close(oursToo)
      end.finish()
    }
    return (StandardStreams(ended: ended, end: end), pair.1)
  }

  /// Returns when everything is written to the output, or that was abandoned.
  func finished() async { for await _ in ended {} }

  /// Lets `finished` return.
  func abandon() { end.finish() }

  /// Returns at the end of the input, or when the output takes no more.
  private static func copy(from input: Int32, to output: Int32) {
    withUnsafeTemporaryAllocation(byteCount: 1 << 16, alignment: 16) { buffer in
      while true {
        let count = read(input, buffer.baseAddress, buffer.count)
        if count < 0, isTransient(errno, on: input, POLLIN) { continue }
        guard count > 0 else { return }
        var rest = buffer[..<count]
        while !rest.isEmpty {
          let written = write(output, UnsafeRawBufferPointer(rebasing: rest).baseAddress, rest.count)
          if written < 0, isTransient(errno, on: output, POLLOUT) { continue }
          guard written > 0 else { return }
          rest = rest.dropFirst(written)
        }
      }
    }
  }

  /// Someone may have left the stream in non-blocking mode: then wait here.
  private static func isTransient(_ error: Int32, on descriptor: Int32, _ event: Int32) -> Bool {
    if error == EAGAIN {
      var wanted = pollfd(fd: descriptor, events: Int16(event), revents: 0)
      poll(&wanted, 1, -1)
      return true
    }
    return error == EINTR
  }

  private static func startThread(_ body: @escaping @Sendable () -> Void) {
    final class Box: Sendable {
      let body: @Sendable () -> Void
      init(_ body: @escaping @Sendable () -> Void) { self.body = body }
    }
    var thread = pthread_t()
    let box = Unmanaged.passRetained(Box(body))
    let rc = pthread_create(
      &thread, nil,
      { argument in
        guard let argument else { return nil }
        Unmanaged<Box>.fromOpaque(argument).takeRetainedValue().body()
        return nil
      }, box.toOpaque())
    precondition(rc == 0, "cannot start a thread: \(SystemError(rc))")
    pthread_detach(thread)
  }
}
