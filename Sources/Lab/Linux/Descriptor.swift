import CLinux
import Glibc
private import Synchronization

/// A file descriptor that is closed when its owner goes, or earlier.
package final class Descriptor: Sendable {
  package let number: CInt
  private let isOpen = Atomic(true)

  package init(_ number: CInt) { self.number = number }

  deinit { close() }

  package func close() {
    if isOpen.exchange(false, ordering: .relaxed) { Glibc.close(number) }
  }

  /// Both ends of a pipe, neither inherited by what is started.
  static func pipe() throws(SystemError) -> (reading: Descriptor, writing: Descriptor) {
    var ends: [CInt] = [-1, -1]
    try check(linux_pipe(&ends), "pipe")
    return (Descriptor(ends[0]), Descriptor(ends[1]))
  }

  static func open(_ path: String, _ flags: CInt, mode: mode_t = 0o644) throws(SystemError) -> Descriptor {
    Descriptor(try checkErrno(Glibc.open(path, flags | O_CLOEXEC, mode), "open \(path)"))
  }

  func setNonblocking() throws(SystemError) {
    try checkErrno(fcntl(number, F_SETFL, fcntl(number, F_GETFL) | O_NONBLOCK), "fcntl")
  }
}

/// Small files as a whole: those of `/proc`, and what a test leaves behind.
package enum SmallFile {
  /// At most 1 MiB of it.
  package static func read(_ path: String) throws(SystemError) -> String {
    let file = try Descriptor.open(path, O_RDONLY)
    var bytes: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 16384)
    while bytes.count < 1 << 20 {
      let count = try checkErrno(Glibc.read(file.number, &chunk, chunk.count), "read \(path)")
      if count == 0 { break }
      bytes += chunk[..<count]
    }
    return String(decoding: bytes, as: UTF8.self)
  }

  /// Writes all of `text` in one call, as `/proc` wants it, into a file that may be new.
  package static func write(_ text: String, to path: String, creating: Bool = false) throws(SystemError) {
    let file = try Descriptor.open(path, O_WRONLY | (creating ? O_CREAT | O_TRUNC : 0))
    let bytes = Array(text.utf8)
    try checkErrno(Glibc.write(file.number, bytes, bytes.count), "write \(path)")
  }
}
