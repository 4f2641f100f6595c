import Glibc

/// What `meshsim inspect` does, but for flags and printing.
package struct Inspection: Sendable {
  package var capture: String
  package var keys: [String]
  package var isJSON: Bool
  package var showsWindows: Bool
  package var filter: Filter

  package struct Output: Sendable {
    /// For standard output.
    package var lines: [String]
    /// For standard error: what is wrong with what was read.
    package var complaints: [String]
    /// False when the capture could not be read to its end.
    package var isWhole: Bool
  }

  package init(
    capture: String, keys: [String], isJSON: Bool = false, showsWindows: Bool = false,
    filter: Filter = Filter()
  ) {
    self.capture = capture
    self.keys = keys
    self.isJSON = isJSON
    self.showsWindows = showsWindows
    self.filter = filter
  }

  /// Runs, and says what came of it on standard output and standard error.
  /// - Returns: whether everything could be read. What could is printed in any case.
  package func writeToStandardStreams() -> Bool {
    do throws(CaptureError) {
      let output = try run()
      Self.write(output.lines, to: STDOUT_FILENO)
      Self.write(output.complaints, to: STDERR_FILENO)
      return output.isWhole
    } catch {
      Self.write(["\(error)"], to: STDERR_FILENO)
      return false
    }
  }

  /// Ends early, and in peace, when nobody reads on.
  private static func write(_ lines: [String], to descriptor: CInt) {
    var rest = lines[...]
    while !rest.isEmpty {
      var bytes = [UInt8]((rest.prefix(512).joined(separator: "\n") + "\n").utf8)[...]
      rest = rest.dropFirst(512)
      while !bytes.isEmpty {
        let count = bytes.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
        if count < 0, errno == EINTR { continue }
        if count <= 0 { return }
        bytes = bytes.dropFirst(count)
      }
    }
  }

  /// - Throws: when a file cannot be opened or the capture is none at all.
  package func run() throws(CaptureError) -> Output {
    var ring = KeyRing()
    for path in keys { try ring.add(contentsOf: path) }
    let timeline = try Timeline(reading: capture, keys: ring, showsWindows: showsWindows)
    var complaints = timeline.failure.map { ["\($0)"] } ?? []
    if !keys.isEmpty, ring.count == 0 {
      complaints.append("no Noise keys in \(keys.joined(separator: ", "))")
    }
    let lines = isJSON ? timeline.items.filter(filter.admits).map(\.json) : timeline.text(filter)
    return Output(lines: lines, complaints: complaints, isWhole: timeline.failure == nil)
  }
}
