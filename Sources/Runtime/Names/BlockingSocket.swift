import Glibc
import NIOCore
import SansIO

/// A connected socket for a thread that may wait, with a deadline on every wait. Failures are all the same to
/// a lookup: the server did not answer.
struct BlockingSocket: ~Copyable {
  enum Kind {
    case datagram, stream
  }

  private let descriptor: CInt

  init?(_ kind: Kind, connectedTo server: SocketAddress, before deadline: Instant) {
    let type = kind == .datagram ? SOCK_DGRAM : SOCK_STREAM
    let flags = CInt(SOCK_CLOEXEC.rawValue) | CInt(SOCK_NONBLOCK.rawValue)
    descriptor = socket(server.isIP6 ? AF_INET6 : AF_INET, CInt(type.rawValue) | flags, 0)
    guard descriptor >= 0 else { return nil }
    let status = server.withSockAddr { connect(descriptor, $0, socklen_t($1)) }
    if status != 0 {
      guard errno == EINPROGRESS, wait(for: CShort(POLLOUT), until: deadline) else { return nil }
      var failure: CInt = 0
      var size = socklen_t(MemoryLayout<CInt>.size)
      guard getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &failure, &size) == 0, failure == 0 else {
        return nil
      }
    }
  }

  deinit { if descriptor >= 0 { close(descriptor) } }

  func send(_ bytes: ByteBuffer, before deadline: Instant) -> Bool {
    var rest = bytes
    while rest.readableBytes > 0 {
      let count = rest.withUnsafeReadableBytes {
        Glibc.send(descriptor, $0.baseAddress, $0.count, CInt(MSG_NOSIGNAL))
      }
      if count >= 0 {
        rest.moveReaderIndex(forwardBy: count)
      } else if !canRetry(CShort(POLLOUT), until: deadline) {
        return false
      }
    }
    return true
  }

  func receiveDatagram(before deadline: Instant) -> ByteBuffer? {
    receive(upTo: 65_535, before: deadline)
  }

  func receive(exactly wanted: Int, before deadline: Instant) -> ByteBuffer? {
    var all = ByteBuffer()
    while all.readableBytes < wanted {
      guard var more = receive(upTo: wanted - all.readableBytes, before: deadline), more.readableBytes > 0
      else { return nil }
      all.writeBuffer(&more)
    }
    return all
  }

  private func receive(upTo limit: Int, before deadline: Instant) -> ByteBuffer? {
    var bytes = [UInt8](repeating: 0, count: limit)
    while true {
      let count = recv(descriptor, &bytes, limit, 0)
      if count >= 0 { return ByteBuffer(bytes: bytes[..<count]) }
      if !canRetry(CShort(POLLIN), until: deadline) { return nil }
    }
  }

  private func canRetry(_ event: CShort, until deadline: Instant) -> Bool {
    if errno == EINTR { return true }
    return errno == EAGAIN && wait(for: event, until: deadline)
  }

  private func wait(for event: CShort, until deadline: Instant) -> Bool {
    while true {
      let left = deadline - .now
      guard left > .zero else { return false }
      var entry = pollfd(fd: descriptor, events: event, revents: 0)
      let status = poll(&entry, 1, CInt(clamping: left.clampedNanoseconds / 1_000_000 + 1))
      if status > 0 { return true }
      if status < 0, errno != EINTR { return false }
    }
  }
}
