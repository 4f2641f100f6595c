import Glibc
package import Meshwork

/// A chat over pipes: reads lines, writes lines.
package struct PlainFace: Sendable {
  /// Bytes of a line; a message is shorter.
  private static let lineBytesMax = 64 * 1024
  /// How long the end waits for somebody to take what was written.
  private static let patienceMs: Int64 = 10_000

  private let stamp: ChatModel.Stamp
  private let input: CInt
  private let output: CInt

  package init(
    input: CInt = STDIN_FILENO, output: CInt = STDOUT_FILENO, stamp: @escaping ChatModel.Stamp
  ) {
    self.stamp = stamp
    self.input = input
    self.output = output
  }

  /// Returns when the person, the pipe or the node has ended.
  package func run<Backend>(_ session: ChatSession<Backend>, own: PeerID) {
    var model = PlainModel(own: own, echoes: isatty(input) == 1, stamp: stamp)
    var lines = Lines(bytesMax: Self.lineBytesMax)
    var endedMs: Int64?
    while true {
      while let line = model.nextLine() {
        if !write(line) { return }
      }
      while let action = model.nextAction() {
        if action == .quit { return }
        session.ask(action)
      }
      if model.isDone { return }
      if let endedMs, Waiting.nowMs - endedMs > Self.patienceMs {
        if let farewell = model.farewell { _ = write(farewell) }
        return
      }
      let reads = endedMs == nil && model.isLoaded
      let waited = Waiting.wait(
        input: reads ? input : nil, inbox: session.inbox, milliseconds: endedMs == nil ? -1 : 200)
      if waited != .none, !read(&lines, &model) {
        endedMs = Waiting.nowMs
        model.endOfInput()
      }
      for news in session.inbox.drain() { model.receive(news, at: Waiting.nowMs) }
    }
  }

  /// False at the end.
  private func read(_ lines: inout Lines, _ model: inout PlainModel) -> Bool {
    var bytes = [UInt8](repeating: 0, count: 16 * 1024)
    let count = Glibc.read(input, &bytes, bytes.count)
    if count < 0, errno == EINTR || errno == EAGAIN { return true }
    for line in count > 0 ? lines.take(bytes[..<count]) : lines.finish() { model.read(line) }
    return count > 0
  }

  private func write(_ line: String) -> Bool {
    var rest = Array("\(line)\n".utf8)[...]
    while !rest.isEmpty {
      let count = rest.withUnsafeBytes { Glibc.write(output, $0.baseAddress, $0.count) }
      if count < 0, errno == EINTR { continue }
      guard count > 0 else { return false }
      rest = rest.dropFirst(count)
    }
    return true
  }
}
