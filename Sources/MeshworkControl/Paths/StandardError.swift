import Glibc

/// Standard error, unbuffered, as a place to print to.
public struct StandardError: TextOutputStream {
  /// The one there is.
  public init() {}

  /// Writes all of it, as long as anyone reads.
  public mutating func write(_ text: String) {
    var rest = Array(text.utf8)[...]
    while !rest.isEmpty {
      let written = rest.withUnsafeBytes { Glibc.write(STDERR_FILENO, $0.baseAddress, $0.count) }
      if written < 0, errno == EINTR { continue }
      // There is nobody left to tell.
      guard written > 0 else { return }
      rest = rest.dropFirst(written)
    }
  }
}
