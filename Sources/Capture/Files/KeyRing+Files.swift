import Glibc
import Noise

extension KeyRing {
  /// Adds every line of a key log file. A line that cannot be read, as the last one of a node that died, is
  /// counted and passed over.
  package mutating func add(contentsOf path: String) throws(CaptureError) {
    guard let file = fopen(path, "re") else {
      throw .cannotOpen(path: path, reason: String(cString: strerror(errno)))
    }
    defer { fclose(file) }
    // One line at a time; of a longer one the rest is read as lines of an unknown kind.
    var line = [CChar](repeating: 0, count: KeyLog.lineBytesMax + 2)
    while fgets(&line, CInt(line.count), file) != nil {
      let text = String(decoding: line.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
      add(line: text)
    }
    if ferror(file) != 0 {
      throw .cannotOpen(path: path, reason: String(cString: strerror(errno)))
    }
  }
}
