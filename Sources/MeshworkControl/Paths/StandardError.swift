import Glibc

/// Standard error, unbuffered, as a place to print to.
public struct StandardError: TextOutputStream {
  /// The one there is.
  public init() {}

  /// Writes all of it, as long as anyone reads.
  public mutating func write(_ text: String) { writeAll(text, to: STDERR_FILENO) }
}

/// Standard output, unbuffered, for what somebody waits for.
public struct StandardOutput: TextOutputStream {
  /// The one there is.
  public init() {}

  /// Writes all of it, as long as anyone reads.
  public mutating func write(_ text: String) { writeAll(text, to: STDOUT_FILENO) }
}

private func writeAll(_ text: String, to descriptor: CInt) {
  var rest = Array(text.utf8)[...]
  while !rest.isEmpty {
    let written = rest.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
    if written < 0, errno == EINTR { continue }
    // There is nobody left to tell.
    guard written > 0 else { return }
    rest = rest.dropFirst(written)
  }
}
