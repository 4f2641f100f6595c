import Glibc
package import Noise

/// A key log that a node is still writing, read as it grows: for a live tap.
///
/// ```
/// dissector.learn(try tail.next())
/// ```
package struct KeyLogTail: ~Copyable {
  package let path: String
  /// Opened when the node has created it.
  private var descriptor: CInt?
  /// The line whose end is not written yet.
  private var partial: [UInt8] = []

  package init(of path: String) {
    self.path = path
  }

  deinit { if let descriptor { close(descriptor) } }

  /// The entries of all lines that were finished since the last call; none while there is no file.
  package mutating func next() throws(CaptureError) -> [KeyLog.Entry] {
    if descriptor == nil {
      let opened = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY)
      if opened < 0, errno == ENOENT { return [] }
      guard opened >= 0 else { throw .cannotOpen(path: path, reason: String(cString: strerror(errno))) }
      descriptor = opened
    }
    var entries: [KeyLog.Entry] = []
    while let chunk = try read() {
      for byte in chunk {
        guard byte == UInt8(ascii: "\n") else {
          // Of a line that is longer than any of ours, only that is remembered.
          if partial.count <= KeyLog.lineBytesMax { partial.append(byte) }
          continue
        }
        if let entry = try? KeyLog.Entry(line: String(decoding: partial, as: UTF8.self)) {
          entries.append(entry)
        }
        partial = []
      }
    }
    return entries
  }

  private func read() throws(CaptureError) -> [UInt8]? {
    guard let descriptor else { return nil }
    while true {
      var chunk = [UInt8](repeating: 0, count: 4096)
      let count = chunk.withUnsafeMutableBytes { Glibc.read(descriptor, $0.baseAddress, $0.count) }
      if count < 0, errno == EINTR { continue }
      guard count >= 0 else { throw .cannotOpen(path: path, reason: String(cString: strerror(errno))) }
      return count == 0 ? nil : Array(chunk.prefix(count))
    }
  }
}
