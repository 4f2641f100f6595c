import Lab
import SansIO
import Scenario

// Streams: messages sent on a thread of their own while the next steps are done.
extension Performance {
  func startStream(
    _ step: Int, _ text: String, from host: String, to destination: Plan.Destination,
    every interval: Duration
  ) throws {
    _ = try process(of: host)
    let thread = try Thread("stage-stream") { [self] in
      var next = MonotonicClock.now
      var number = 0
      while !isOver(step) {
        number += 1
        post(number, of: step, text, from: host, to: destination)
        next += interval
        _ = stage.wait(until: next) { $0.endedStreams.contains(step) ? true : nil }
      }
    }
    stage.withLock { $0.streams[step] = thread }
  }

  private func isOver(_ step: Int) -> Bool {
    stage.peek { $0.endedStreams.contains(step) } || isInterrupted.peek { $0 }
  }

  private func post(
    _ number: Int, of step: Int, _ text: String, from host: String, to destination: Plan.Destination
  ) {
    let at = MonotonicClock.now
    var failure: String?
    do {
      try send("\(text) \(number)", from: host, to: destination)
    } catch {
      failure = "\(error)"
    }
    recorder.note(
      at: at, laboratory.origin,
      [.init("stream", .integer(Int64(step))), .init("number", .integer(Int64(number)))]
        + (failure.map { [.init("failure", .string($0))] } ?? []))
  }

  /// No message of it is sent after this.
  func endStream(_ step: Int) {
    let thread = stage.withLock { state in
      state.endedStreams.insert(step)
      return state.streams.removeValue(forKey: step)
    }
    thread?.join()
  }

  func endStreams() {
    for step in stage.peek({ $0.streams.keys.sorted() }) { endStream(step) }
  }
}
