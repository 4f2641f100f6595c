import DequeModule

/// Who writes next. Streams that owe a control frame come first, in the order they came to owe it; streams
/// with data and window take turns after them.
struct Schedule: Sendable {
  private var control = Deque<StreamTable.Slot>()
  private var ready = Deque<StreamTable.Slot>()

  var hasControl: Bool { !control.isEmpty }
  var hasReady: Bool { !ready.isEmpty }

  /// More than one stream has data to send, so each gets a quantum at a time.
  var isContended: Bool { ready.count > 1 }

  /// Files the stream where its state says it belongs. To be called after every change to a stream.
  mutating func update(_ slot: StreamTable.Slot, _ stream: inout Stream) {
    Schedule.file(slot, if: stream.owesControl, in: &control, .control, &stream.marks)
    Schedule.file(slot, if: stream.sendableBytes > 0, in: &ready, .ready, &stream.marks)
  }

  /// Takes a stream that goes away out of both queues.
  mutating func remove(_ slot: StreamTable.Slot, _ stream: inout Stream) {
    Schedule.file(slot, if: false, in: &control, .control, &stream.marks)
    Schedule.file(slot, if: false, in: &ready, .ready, &stream.marks)
  }

  var nextControl: StreamTable.Slot? { control.first }
  var nextReady: StreamTable.Slot? { ready.first }

  /// The next in turn has had it: it goes out of the queue, and back in at the end if it still belongs there.
  mutating func turnControl(_ stream: inout Stream) {
    control.removeFirst()
    stream.marks.remove(.control)
  }

  mutating func turnReady(_ stream: inout Stream) {
    ready.removeFirst()
    stream.marks.remove(.ready)
  }

  mutating func releaseIdleStorage() {
    if control.isEmpty { control = Deque() }
    if ready.isEmpty { ready = Deque() }
  }

  /// Leaving out of turn searches the queue: it is rare, and the queue no longer than there are streams.
  private static func file(
    _ slot: StreamTable.Slot, if belongs: Bool, in queue: inout Deque<StreamTable.Slot>, _ mark: Stream.Marks,
    _ marks: inout Stream.Marks
  ) {
    if belongs == marks.contains(mark) { return }
    if belongs {
      queue.append(slot)
      marks.insert(mark)
    } else {
      if let index = queue.firstIndex(of: slot) { queue.remove(at: index) }
      marks.remove(mark)
    }
  }
}
