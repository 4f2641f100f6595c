import Glibc

/// Where progress and complaints go.
enum StandardError {
  /// One line, in one write.
  static func say(_ line: String) {
    let bytes = Array("\(line)\n".utf8)
    _ = write(STDERR_FILENO, bytes, bytes.count)
  }
}
