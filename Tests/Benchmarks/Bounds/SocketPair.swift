import ArgumentParser
import Glibc

/// Raw TCP on loopback between two processes, in the counted form of perf: the kernel's part of every
/// transfer.
final class SocketPair: TransferPair {
  private let server: Child
  private let socket: RawSocket

  init() throws {
    server = try Child(role: "raw-server")
    guard let port = UInt16(try server.readLine()) else { throw BenchError("the raw server names no port") }
    socket = try RawSocket(connectingTo: port)
  }

  deinit { server.stop() }

  func transfer(_ bytes: Int, _ direction: Direction) throws -> Transfer {
    let before = try ProcessStatistics.cpuSeconds(of: server.pid)
    let (start, ownStart) = (Clock.wall, Clock.thread)
    try socket.send(UInt64(direction.upload(bytes)))
    try socket.send(UInt64(direction.download(bytes)))
    try socket.send(zeros: direction.upload(bytes))
    try socket.skip(1)
    try socket.skip(direction.download(bytes))
    let (seconds, ownSeconds) = (Clock.wall - start, Clock.thread - ownStart)
    let serverSeconds = try ProcessStatistics.cpuSeconds(of: server.pid) - before
    return Transfer(bytes: bytes, seconds: seconds, cpuSeconds: ownSeconds + serverSeconds)
  }
}

/// The other end of a ``SocketPair``: serves one connection.
struct RawServer: ParsableCommand {
  static let configuration = CommandConfiguration(commandName: "raw-server", shouldDisplay: false)

  func run() throws {
    let listener = try RawSocket.Listener()
    Child.say("\(listener.port)")
    let socket = try listener.accept()
    while true {
      guard let upload = try socket.receiveNumber(), let download = try socket.receiveNumber() else { return }
      try socket.skip(Int(upload))
      try socket.send(zeros: 1)
      try socket.send(zeros: Int(download))
    }
  }
}

/// A blocking TCP socket.
final class RawSocket {
  private let descriptor: Int32
  private let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 128 * 1024, alignment: 4096)

  fileprivate init(_ descriptor: Int32) {
    self.descriptor = descriptor
    buffer.initializeMemory(as: UInt8.self, repeating: 0)
  }

  deinit {
    close(descriptor)
    buffer.deallocate()
  }

  convenience init(connectingTo port: UInt16) throws {
    let descriptor = Glibc.socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    let status = Self.loopback(port) { connect(descriptor, $0, $1) }
    self.init(descriptor)
    guard status == 0 else { throw BenchError("connect: \(String(cString: strerror(errno)))") }
  }

  func send(_ number: UInt64) throws {
    try withUnsafeBytes(of: number.bigEndian) { try send($0) }
  }

  func send(zeros count: Int) throws {
    var remaining = count
    while remaining > 0 {
      let piece = min(remaining, buffer.count)
      try send(UnsafeRawBufferPointer(rebasing: buffer[..<piece]))
      remaining -= piece
    }
  }

  private func send(_ bytes: UnsafeRawBufferPointer) throws {
    var sent = 0
    while sent < bytes.count {
      let count = write(descriptor, bytes.baseAddress.map { $0 + sent }, bytes.count - sent)
      guard count > 0 else { throw BenchError("write: \(String(cString: strerror(errno)))") }
      sent += count
    }
  }

  /// Reads and forgets.
  func skip(_ count: Int) throws {
    var remaining = count
    while remaining > 0 {
      let count = read(descriptor, buffer.baseAddress, min(remaining, buffer.count))
      guard count > 0 else { throw BenchError("the raw connection ended") }
      remaining -= count
    }
  }

  /// Nil at the end of the connection.
  func receiveNumber() throws -> UInt64? {
    var number: UInt64 = 0
    let count = withUnsafeMutableBytes(of: &number) {
      recv(descriptor, $0.baseAddress, 8, Int32(MSG_WAITALL))
    }
    if count == 0 { return nil }
    guard count == 8 else { throw BenchError("a raw request of \(count) bytes") }
    return UInt64(bigEndian: number)
  }

  struct Listener {
    private let descriptor: Int32
    let port: UInt16

    init() throws {
      let descriptor = Glibc.socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
      guard RawSocket.loopback(0, { bind(descriptor, $0, $1) }) == 0, listen(descriptor, 1) == 0 else {
        throw BenchError("listen: \(String(cString: strerror(errno)))")
      }
      var address = sockaddr_in()
      var size = socklen_t(MemoryLayout<sockaddr_in>.size)
      withUnsafeMutableBytes(of: &address) { bytes in
        _ = getsockname(descriptor, bytes.baseAddress?.assumingMemoryBound(to: sockaddr.self), &size)
      }
      self.descriptor = descriptor
      port = UInt16(bigEndian: address.sin_port)
    }

    func accept() throws -> RawSocket {
      let accepted = Glibc.accept(descriptor, nil, nil)
      guard accepted >= 0 else { throw BenchError("accept: \(String(cString: strerror(errno)))") }
      return RawSocket(accepted)
    }
  }

  fileprivate static func loopback(
    _ port: UInt16, _ body: (UnsafePointer<sockaddr>?, socklen_t) -> Int32
  ) -> Int32 {
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = port.bigEndian
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    return withUnsafeBytes(of: &address) {
      body($0.baseAddress?.assumingMemoryBound(to: sockaddr.self), socklen_t($0.count))
    }
  }
}
