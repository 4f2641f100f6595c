import Glibc
import SansIO

/// A file that keys are appended to, for reading captures.
///
/// Created readable by its owner alone. A line is with the kernel when ``append(_:)`` returns, which is
/// before the bytes sealed with its keys are drained: whoever has a packet has its keys, even if this process
/// dies in between.
struct KeyLogFile: ~Copyable {
  private let descriptor: CInt

  /// Why the file cannot be opened or written.
  struct Failure: AttributedError, CustomStringConvertible {
    let path: String
    let reason: String

    var fault: Fault { .local }
    var description: String { "\(path): \(reason)" }
  }

  private let path: String

  init(appendingTo path: String) throws(Failure) {
    self.path = path
    descriptor = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY, 0o600)
    guard descriptor >= 0 else { throw Failure(path: path, reason: SocketFailure.reason(errno: errno)) }
    // An older file may be open to others; the umask may have taken from a new one. A pipe or a device is
    // left as it is.
    var status = stat()
    let isFile = fstat(descriptor, &status) == 0 && status.st_mode & S_IFMT == S_IFREG
    if isFile, fchmod(descriptor, 0o600) != 0 {
      let reason = "cannot be kept to its owner: \(SocketFailure.reason(errno: errno))"
      close(descriptor)
      throw Failure(path: path, reason: reason)
    }
  }

  deinit { close(descriptor) }

  /// Writes a line and its end in one go.
  func append(_ line: String) throws(Failure) {
    var bytes = [UInt8]((line + "\n").utf8)[...]
    while !bytes.isEmpty {
      let count = bytes.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
      if count < 0 {
        if errno == EINTR { continue }
        throw Failure(path: path, reason: SocketFailure.reason(errno: errno))
      }
      bytes = bytes.dropFirst(count)
    }
  }
}
