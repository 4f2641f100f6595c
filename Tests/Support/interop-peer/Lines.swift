import Foundation

/// Standard input, line by line. Reading blocks, so it has a thread of its own.
enum Input {
  static func lines() -> AsyncStream<String> {
    AsyncStream { lines in
      Thread.detachNewThread {
        while let line = readLine() { lines.yield(line) }
        lines.finish()
      }
    }
  }
}

/// Standard output: one JSON object a line, at once.
enum Output {
  static func print(_ value: some Encodable) {
    guard var line = try? JSONEncoder().encode(value) else { return }
    line.append(UInt8(ascii: "\n"))
    FileHandle.standardOutput.write(line)
  }
}
