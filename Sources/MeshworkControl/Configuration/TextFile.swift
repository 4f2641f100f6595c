import Glibc

/// Why a file's text could not be had.
struct TextFileError: Error, Equatable {
  let line: Int?
  let text: String

  init(_ text: String, line: Int? = nil) {
    self.line = line
    self.text = text
  }
}

/// Reads small text files that people wrote. Never writes.
enum TextFile {
  static let bytesMax = 1 << 20

  static func read(_ path: String) throws(TextFileError) -> String {
    // Non-blocking, or opening a named pipe would wait for a writer.
    let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard descriptor >= 0 else {
      throw TextFileError("cannot be opened: \(SystemError()); check the path and its permissions")
    }
    defer { close(descriptor) }
    var info = stat()
    guard fstat(descriptor, &info) == 0 else { throw TextFileError("cannot be read: \(SystemError())") }
    guard info.st_mode & S_IFMT == S_IFREG else {
      throw TextFileError("is not a regular file; give the path of a configuration file")
    }
    guard info.st_size <= bytesMax else {
      throw TextFileError("takes \(info.st_size) bytes; a configuration file may take \(bytesMax)")
    }
    return try text(try read(descriptor))
  }

  private static func read(_ descriptor: Int32) throws(TextFileError) -> [UInt8] {
    // One byte more than allowed: a file may grow while it is read.
    var bytes = [UInt8](repeating: 0, count: bytesMax + 1)
    var count = 0
    while count < bytes.count {
      let read = bytes[count...].withUnsafeMutableBytes { Glibc.read(descriptor, $0.baseAddress, $0.count) }
      if read < 0, errno == EINTR { continue }
      guard read >= 0 else { throw TextFileError("cannot be read: \(SystemError())") }
      if read == 0 { break }
      count += read
    }
    guard count <= bytesMax else { throw TextFileError("takes more than \(bytesMax) bytes") }
    return Array(bytes[..<count])
  }

  static func text(_ bytes: [UInt8]) throws(TextFileError) -> String {
    var line = 1
    for piece in bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false) {
      guard String(validating: piece, as: UTF8.self) != nil else {
        throw TextFileError("this line is not UTF-8 text; save the file as UTF-8", line: line)
      }
      guard !piece.contains(0) else {
        throw TextFileError("this line has a zero byte, which text has not; write the file anew", line: line)
      }
      line += 1
    }
    return String(decoding: bytes, as: UTF8.self)
  }
}
