import Glibc
import Identity
import Runtime

/// A private key in a file, in libp2p's protobuf form.
///
/// Never changed and never replaced once it is there: who loses this file loses the name others know them by.
struct IdentityFile {
  static let name = "identity.key"
  /// The largest key file of any kind is smaller; more is not even read.
  private static let bytesMax = 16 * 1024

  let path: String
  private let directory: String?

  init(in directory: String) {
    let trimmed = directory.count > 1 && directory.hasSuffix("/") ? String(directory.dropLast()) : directory
    self.directory = trimmed
    path = trimmed == "/" ? "/\(Self.name)" : "\(trimmed)/\(Self.name)"
  }

  init(at path: String) {
    directory = nil
    self.path = path
  }

  // MARK: Reading

  /// Nil when there is no file.
  func load() throws(IdentityFileError) -> Identity? {
    // Without O_NONBLOCK, opening a pipe would wait for its writer.
    let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY)
    if descriptor < 0 {
      if errno == ENOENT { return nil }
      throw failure(
        "cannot be read: \(systemReason)", "make it readable for this user, or name another directory")
    }
    defer { close(descriptor) }
    var status = stat()
    guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
      throw failure("is not a regular file", "move it away, or name another directory")
    }
    let keyPair = try KeyFileForm.decode(try read(descriptor), path: path)
    return Identity(keyPair: keyPair, warnings: warnings(mode: status.st_mode))
  }

  private func warnings(mode: mode_t) -> [String] {
    let permissions = mode & 0o777
    if permissions & 0o077 == 0 { return [] }
    return ["\(path) is open to other users (mode \(String(permissions, radix: 8))); run: chmod 600 \(path)"]
  }

  private func read(_ descriptor: CInt) throws(IdentityFileError) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: Self.bytesMax)
    var count = 0
    while count < bytes.count {
      let read = bytes.withUnsafeMutableBytes {
        Glibc.read(descriptor, $0.baseAddress! + count, $0.count - count)
      }
      if read == 0 { break }
      if read < 0 {
        if errno == EINTR { continue }
        throw failure("cannot be read: \(systemReason)", "check the disk")
      }
      count += read
    }
    return [UInt8](bytes[..<count])
  }

  // MARK: Writing

  /// Writes a file of its own, complete and on the disk, and then gives it the name, unless the name is
  /// taken. False when it is.
  func store(_ identity: Identity) throws(IdentityFileError) -> Bool {
    guard let directory else { preconditionFailure("storing at \(path), which was only to be read") }
    try makeDirectories(directory)
    let temporary = "\(directory)/.\(Self.name).\(getpid()).\(UInt32.random(in: .min ... .max))"
    let descriptor = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0o600)
    if descriptor < 0 { throw cannotWrite }
    defer { unlink(temporary) }
    do throws(IdentityFileError) {
      try write(identity.keyPair.protobuf, to: descriptor)
    } catch {
      close(descriptor)
      throw error
    }
    close(descriptor)
    if link(temporary, path) != 0 {
      if errno == EEXIST { return false }
      throw cannotWrite
    }
    syncDirectory(directory)
    return true
  }

  private func write(_ bytes: [UInt8], to descriptor: CInt) throws(IdentityFileError) {
    var rest = bytes[...]
    while !rest.isEmpty {
      let count = rest.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
      if count < 0 {
        if errno == EINTR { continue }
        throw cannotWrite
      }
      rest = rest.dropFirst(count)
    }
    if fsync(descriptor) != 0 { throw cannotWrite }
  }

  /// Private to the user, as far as they have to be made.
  private func makeDirectories(_ directory: String) throws(IdentityFileError) {
    if mkdir(directory, 0o700) == 0 || errno == EEXIST { return }
    guard errno == ENOENT, let slash = directory.lastIndex(of: "/"), slash != directory.startIndex else {
      throw cannotWrite
    }
    try makeDirectories(String(directory[..<slash]))
    if mkdir(directory, 0o700) != 0, errno != EEXIST { throw cannotWrite }
  }

  /// The name itself must survive a power cut. A file system that cannot promise it has the file all the
  /// same.
  private func syncDirectory(_ directory: String) {
    let descriptor = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard descriptor >= 0 else { return }
    fsync(descriptor)
    close(descriptor)
  }

  // MARK: Errors

  private var systemReason: String { SocketFailure.reason(errno: errno) }

  private var cannotWrite: IdentityFileError {
    failure(
      "cannot be written: \(systemReason)", "make the directory writable for this user, or name another one")
  }

  private func failure(_ problem: String, _ remedy: String) -> IdentityFileError {
    IdentityFileError(path: path, problem: problem, remedy: remedy)
  }
}
