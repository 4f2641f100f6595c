import Glibc

/// Why a UNIX socket cannot be listened on.
public enum SocketFileError: Error, Equatable, CustomStringConvertible {
  case inUse(path: String)
  case notASocket(path: String)
  case pathTooLong(path: String, bytes: Int, bytesMax: Int)
  case failed(path: String, doing: String, reason: String)

  /// What is wrong and what to do, in one line.
  public var description: String {
    switch self {
    case .inUse(let path):
      "another node answers on \(path); stop it, or give this one a socket of its own: --api unix:PATH"
    case .notASocket(let path):
      "\(path) exists and is not a socket; remove it, or choose another path: --api unix:PATH"
    case .pathTooLong(let path, let bytes, let bytesMax):
      "the socket path \(path) takes \(bytes) bytes, the system allows \(bytesMax); "
        + "choose a shorter one: --api unix:PATH"
    case .failed(let path, let doing, let reason):
      "cannot \(doing) \(path): \(reason); choose another path with --api unix:PATH"
    }
  }
}

/// A UNIX socket file that this process listens on.
///
/// The file has mode 0600 from its first instant, whatever the umask: Linux gives it the mode of the socket
/// it is bound from. Looking, removing a dead socket, binding and listening happen under a lock on the
/// directory, so of two nodes that start at the same time one gets the path and the other is told.
struct SocketFile: Sendable {
  private let path: String

  /// Returns the file and the listening socket, which is the caller's to close.
  static func listen(at path: String) throws(SocketFileError) -> (SocketFile, descriptor: Int32) {
    let address = try socketAddress(path)
    let lock = try DirectoryLock(parentOf: path)
    defer { lock.unlock() }
    try removeIfDead(path, address)

    let descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
    guard descriptor >= 0 else { throw .failed(path, "open a socket for") }
    guard fchmod(descriptor, 0o600) == 0,
      withSockaddr(address, { bind(descriptor, $0, $1) }) == 0,
      Glibc.listen(descriptor, 64) == 0
    else {
      let error = SocketFileError.failed(path, "listen on")
      Glibc.close(descriptor)
      throw error
    }
    return (SocketFile(path: path), descriptor)
  }

  /// Removes the file once the socket is closed, unless somebody else listens there by now.
  func remove() {
    guard let address = try? Self.socketAddress(path), let lock = try? DirectoryLock(parentOf: path) else {
      return
    }
    defer { lock.unlock() }
    // Whatever is in the way is not ours to remove.
    try? Self.removeIfDead(path, address)
  }

  private static func removeIfDead(_ path: String, _ address: sockaddr_un) throws(SocketFileError) {
    var info = stat()
    guard lstat(path, &info) == 0 else { return }
    guard info.st_mode & S_IFMT == S_IFSOCK else { throw .notASocket(path: path) }
    let type = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue) | Int32(SOCK_NONBLOCK.rawValue)
    let probe = socket(AF_UNIX, type, 0)
    guard probe >= 0 else { throw .failed(path, "open a socket for") }
    defer { Glibc.close(probe) }
    // Anything but a refusal is a sign of life: a full backlog, for one.
    if withSockaddr(address, { connect(probe, $0, $1) }) == 0 { throw .inUse(path: path) }
    guard errno == ECONNREFUSED else {
      throw errno == EAGAIN ? .inUse(path: path) : .failed(path, "find out who listens on")
    }
    guard unlink(path) == 0 else { throw .failed(path, "remove the dead socket") }
  }

  private static func socketAddress(_ path: String) throws(SocketFileError) -> sockaddr_un {
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    let bytesMax = MemoryLayout.size(ofValue: address.sun_path) - 1
    let bytes = Array(path.utf8)
    guard !bytes.isEmpty, !bytes.contains(0) else {
      throw .failed(path: path, doing: "use", reason: "empty path")
    }
    guard bytes.count <= bytesMax else {
      throw .pathTooLong(path: path, bytes: bytes.count, bytesMax: bytesMax)
    }
    withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: bytes) }
    return address
  }

  private static func withSockaddr(
    _ address: sockaddr_un, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Int32
  ) -> Int32 {
    withUnsafePointer(to: address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        body($0, socklen_t(MemoryLayout<sockaddr_un>.size))
      }
    }
  }
}

extension SocketFileError {
  /// With the system's reason.
  static func failed(_ path: String, _ doing: String) -> SocketFileError {
    .failed(path: path, doing: doing, reason: SystemError().description)
  }
}

/// An advisory lock on the directory of a path. It leaves no file behind, even when the process is killed.
private struct DirectoryLock {
  private let descriptor: Int32

  init(parentOf path: String) throws(SocketFileError) {
    let parent = path.lastIndex(of: "/").map { String(path[...$0]) } ?? "."
    descriptor = open(parent, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard descriptor >= 0 else { throw .failed(path, "open the directory of") }
    guard flock(descriptor, LOCK_EX) == 0 else {
      let error = SocketFileError.failed(path, "lock the directory of")
      close(descriptor)
      throw error
    }
  }

  func unlock() { close(descriptor) }
}
