import Glibc

/// A process's log: its first bytes in a file, its last lines in memory.
struct LogFile: ~Copyable {
  /// Lines kept for the message when the process ends early.
  static let lastLinesMax = 12

  private let file: Descriptor?
  private let bytesMax: Int
  private var bytesWritten = 0
  private var isCut = false
  /// The end of what was logged, cut to some lines when asked for.
  private var tail: [UInt8] = []
  private static let tailBytesMax = 4096

  init(path: String?, bytesMax: Int) throws(SystemError) {
    if let path {
      file = try Descriptor.open(path, O_WRONLY | O_CREAT | O_APPEND)
    } else {
      file = nil
    }
    self.bytesMax = bytesMax
  }

  /// Returns what there is to say when the file takes no more, once.
  mutating func append(_ bytes: ArraySlice<UInt8>) -> String? {
    tail += bytes.suffix(Self.tailBytesMax)
    if tail.count > 2 * Self.tailBytesMax { tail.removeFirst(tail.count - Self.tailBytesMax) }
    if isCut || file == nil { return nil }
    let fitting = bytes.prefix(bytesMax - bytesWritten)
    if let problem = write(Array(fitting)) { return cut("its log cannot be written: \(problem)") }
    bytesWritten += fitting.count
    if fitting.count == bytes.count { return nil }
    let note = "its log is cut after \(bytesMax) bytes"
    _ = write(Array("\n[\(note); the process goes on]\n".utf8))
    return cut(note)
  }

  var lastLines: [String] {
    String(decoding: tail.suffix(Self.tailBytesMax), as: UTF8.self)
      .split(separator: "\n", omittingEmptySubsequences: true).suffix(Self.lastLinesMax).map(String.init)
  }

  private mutating func cut(_ note: String) -> String {
    isCut = true
    return note
  }

  private func write(_ bytes: [UInt8]) -> String? {
    guard let file else { return nil }
    var rest = bytes[...]
    while !rest.isEmpty {
      let count = rest.withUnsafeBytes { Glibc.write(file.number, $0.baseAddress, $0.count) }
      if count < 0, errno == EINTR { continue }
      if count <= 0 { return String(cString: strerror(errno)) }
      rest = rest.dropFirst(count)
    }
    return nil
  }
}
