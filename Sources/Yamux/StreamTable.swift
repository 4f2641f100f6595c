/// The streams of a session, found by identifier once a frame and by slot from then on. A stream keeps its
/// slot while it lives, so queues of slots need no look-up at all.
struct StreamTable: Sendable {
  typealias Slot = Int

  private var slots: [Stream] = []
  private var vacant: [Slot] = []
  private var slotByID: [StreamID: Slot] = [:]

  var count: Int { slotByID.count }
  var isEmpty: Bool { slotByID.isEmpty }
  var capacity: Int { slots.capacity }

  /// In ascending order, which no hash decides.
  var ids: [StreamID] { slotByID.keys.sorted() }

  func slot(of id: StreamID) -> Slot? { slotByID[id] }

  subscript(_ slot: Slot) -> Stream {
    _read { yield slots[slot] }
    _modify { yield &slots[slot] }
  }

  mutating func insert(_ stream: Stream) -> Slot {
    precondition(slotByID[stream.id] == nil, "stream \(stream.id) is in the table")
    let slot: Slot
    if let last = vacant.popLast() {
      slot = last
      slots[slot] = stream
    } else {
      slot = slots.count
      slots.append(stream)
    }
    slotByID[stream.id] = slot
    return slot
  }

  /// The stream must hold nothing any more: its slot is overwritten when the next one needs it.
  mutating func remove(_ slot: Slot) {
    slotByID[slots[slot].id] = nil
    vacant.append(slot)
    // A table that was once large is given back with its last stream; one of usual size is kept for the next.
    if isEmpty && capacity > 16 { self = StreamTable() }
  }

  mutating func releaseIdleStorage() {
    if isEmpty { self = StreamTable() }
    for slot in slots.indices { slots[slot].releaseIdleStorage() }
  }
}
