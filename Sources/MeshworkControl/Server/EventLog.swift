import NIOCore

/// The newest events as lines, each encoded once for all clients; the oldest are forgotten first.
///
/// Clients keep no queue of their own: each holds the number of the last event it was sent and reads on from
/// here when its connection takes more. A client that falls behind the oldest event kept has missed some, and
/// that is what "too slow" means. Memory is bounded here, once, however many clients there are.
struct EventLog {
  private let countMax: Int
  private let bytesMax: Int
  private var lines: CircularBuffer<Line> = []
  private var bytes = 0
  private var range = ControlService.EventRange(newest: 0, forgotten: 0)

  private struct Line {
    let sequence: UInt64
    let bytes: ByteBuffer
  }

  init(countMax: Int, bytesMax: Int) {
    self.countMax = countMax
    self.bytesMax = bytesMax
  }

  /// The newest event, and the newest one no longer kept.
  var events: ControlService.EventRange { range }

  mutating func append(_ event: NumberedEvent) {
    precondition(event.sequence > range.newest, "event \(event.sequence) after event \(range.newest)")
    range.newest = event.sequence
    let line = ByteBuffer(line: RPCAnswer.event(event))
    bytes += line.readableBytes
    lines.append(Line(sequence: event.sequence, bytes: line))
    // The newest always stays, however long.
    while lines.count > 1, lines.count > countMax || bytes > bytesMax, let oldest = lines.popFirst() {
      bytes -= oldest.bytes.readableBytes
      range.forgotten = oldest.sequence
    }
  }

  /// The first event kept whose number is higher.
  func next(after sequence: UInt64) -> (sequence: UInt64, line: ByteBuffer)? {
    guard sequence < range.newest else { return nil }
    var low = lines.startIndex
    var count = lines.count
    while count > 0 {
      let half = count / 2
      let middle = lines.index(low, offsetBy: half)
      if lines[middle].sequence <= sequence {
        low = lines.index(after: middle)
        count -= half + 1
      } else {
        count = half
      }
    }
    guard low < lines.endIndex else { return nil }
    return (lines[low].sequence, lines[low].bytes)
  }
}
