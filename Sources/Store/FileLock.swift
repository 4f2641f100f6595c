import Glibc

/// A file that one process at a time can hold. The system lets go of it when the process ends, in whatever
/// way. The file stays, with the number of its last holder.
final class FileLock: Sendable {
  private let descriptor: CInt

  init(at path: String) throws(Refusal) {
    descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NONBLOCK | O_NOCTTY, 0o600)
    guard descriptor >= 0 else { throw Refusal(errno: errno, doing: "make \(path)") }
    guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
      let code = errno
      throw code == EWOULDBLOCK
        ? Refusal(.inUse, "another process\(Self.holder(descriptor)) uses it")
        : Refusal(errno: code, doing: "lock \(path)")
    }
    // Only a help for people: that it may fail does not matter.
    let number = "\(getpid())\n"
    if ftruncate(descriptor, 0) == 0 { pwrite(descriptor, number, number.utf8.count, 0) }
  }

  deinit { close(descriptor) }

  private static func holder(_ descriptor: CInt) -> String {
    var bytes = [UInt8](repeating: 0, count: 16)
    let count = pread(descriptor, &bytes, bytes.count, 0)
    let digits = bytes.prefix(max(count, 0)).prefix { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
    return digits.isEmpty ? "" : " (\(String(decoding: digits, as: UTF8.self)))"
  }
}
