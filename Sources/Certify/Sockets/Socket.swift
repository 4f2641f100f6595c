import Glibc
import Lab
import NetworkModel
import SansIO

/// A socket for IPv4, without blocking.
final class Socket {
  enum Kind {
    case udp
    case tcp

    fileprivate var value: CInt {
      CInt(self == .udp ? SOCK_DGRAM.rawValue : SOCK_STREAM.rawValue)
    }
  }

  /// How an attempt to reach somebody went.
  enum Outcome: String {
    case reached
    case refused
    case silent
  }

  let number: CInt
  let kind: Kind

  /// A connection that has come in.
  init(accepting number: CInt) {
    self.number = number
    kind = .tcp
  }

  /// Bound, and sharing its endpoint with others that want to: how TCP comes by several connections from one
  /// port.
  init(_ kind: Kind, at local: Endpoint) throws(SystemError) {
    self.kind = kind
    let flags = CInt(SOCK_NONBLOCK.rawValue | SOCK_CLOEXEC.rawValue)
    number = try Self.check(Glibc.socket(AF_INET, kind.value | flags, 0), "open a socket")
    if kind == .udp {
      // Bursts of many probers, while this process waits for its turn. The system may allow less.
      set(SOL_SOCKET, SO_RCVBUF, 4 << 20)
    } else {
      set(SOL_SOCKET, SO_REUSEADDR, 1)
      set(SOL_SOCKET, SO_REUSEPORT, 1)
    }
    let result = local.withSocketAddress { bind(number, $0, $1) }
    try Self.check(result, "bind \(local)")
  }

  deinit { close(number) }

  private func set(_ level: CInt, _ option: CInt, _ value: CInt) {
    var value = value
    setsockopt(number, level, option, &value, socklen_t(MemoryLayout<CInt>.size))
  }

  /// Ends with a reset instead of lingering, so that its endpoint is free at once.
  func abandon() {
    var linger = linger(l_onoff: 1, l_linger: 0)
    setsockopt(number, SOL_SOCKET, SO_LINGER, &linger, socklen_t(MemoryLayout<Glibc.linger>.size))
  }

  func listen() throws(SystemError) { try Self.check(Glibc.listen(number, 256), "listen") }

  func accept() -> Socket? {
    let accepted = Glibc.accept(number, nil, nil)
    guard accepted >= 0 else { return nil }
    _ = fcntl(accepted, F_SETFL, O_NONBLOCK)
    return Socket(accepting: accepted)
  }

  /// For TCP the attempt goes on; ``outcome`` tells.
  func connect(to remote: Endpoint) -> Bool {
    remote.withSocketAddress { Glibc.connect(number, $0, $1) } == 0 || errno == EINPROGRESS
  }

  /// Of a connection that has become writable, or of a datagram that an error came back for.
  var outcome: Outcome {
    var code: CInt = 0
    var length = socklen_t(MemoryLayout<CInt>.size)
    getsockopt(number, SOL_SOCKET, SO_ERROR, &code, &length)
    return code == 0 ? .reached : code == ECONNREFUSED ? .refused : .silent
  }

  var local: Endpoint? { name { getsockname(number, $0, $1) } }
  var peer: Endpoint? { name { getpeername(number, $0, $1) } }

  private func name(
    _ body: (UnsafeMutablePointer<sockaddr>, UnsafeMutablePointer<socklen_t>) -> CInt
  ) -> Endpoint? {
    var address = sockaddr_in()
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    let result = withUnsafeMutablePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { body($0, &length) }
    }
    return result == 0 ? Endpoint(address) : nil
  }

  // MARK: Bytes

  @discardableResult
  func send(_ bytes: [UInt8], to remote: Endpoint) -> Bool {
    remote.withSocketAddress { sendto(number, bytes, bytes.count, 0, $0, $1) } == bytes.count
  }

  @discardableResult
  func write(_ bytes: [UInt8]) -> Bool {
    Glibc.send(number, bytes, bytes.count, CInt(MSG_NOSIGNAL)) == bytes.count
  }

  func receiveDatagram() -> (bytes: [UInt8], from: Endpoint)? {
    var bytes = [UInt8](repeating: 0, count: 256)
    var count = 0
    let source = name { address, length in
      count = recvfrom(number, &bytes, bytes.count, 0, address, length)
      return count < 0 ? -1 : 0
    }
    return source.map { (Array(bytes.prefix(count)), $0) }
  }

  /// Nil: nothing there yet. Empty: the end.
  func read() -> [UInt8]? {
    var bytes = [UInt8](repeating: 0, count: 256)
    let count = recv(number, &bytes, bytes.count, 0)
    if count < 0 { return errno == EAGAIN || errno == EINTR ? nil : [] }
    return Array(bytes.prefix(count))
  }

  @discardableResult
  private static func check(_ result: CInt, _ attempt: @autoclosure () -> String) throws(SystemError) -> CInt
  {
    if result < 0 { throw SystemError(attempt(), code: errno) }
    return result
  }
}

/// Waits for events of sockets, in the order in which they are given.
func poll(_ sockets: [(number: CInt, events: CInt)], until deadline: Instant) -> [CInt] {
  var entries = sockets.map { pollfd(fd: $0.number, events: Int16($0.events), revents: 0) }
  let wait = (deadline - MonotonicClock.now).milliseconds.rounded(.up)
  let milliseconds = deadline == .distantFuture ? -1 : CInt(clamping: Int(max(0, min(wait, 60_000))))
  let count = Glibc.poll(&entries, nfds_t(entries.count), milliseconds)
  return count > 0 ? entries.map { CInt($0.revents) } : entries.map { _ in 0 }
}

extension Endpoint {
  fileprivate func withSocketAddress<Result>(
    _ body: (UnsafePointer<sockaddr>, socklen_t) -> Result
  ) -> Result {
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = port.bigEndian
    address.sin_addr.s_addr = self.address.v4.bigEndian
    return withUnsafePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        body($0, socklen_t(MemoryLayout<sockaddr_in>.size))
      }
    }
  }

  fileprivate init(_ address: sockaddr_in) {
    self.init(
      Address(v4: UInt32(bigEndian: address.sin_addr.s_addr)), UInt16(bigEndian: address.sin_port))
  }
}
