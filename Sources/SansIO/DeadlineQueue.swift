public import HeapModule

/// Deadlines of many keyed things, with the earliest at hand: a node's connections, a connection's streams.
///
/// Setting a key's deadline replaces the one before. Entries that were replaced stay in the heap until they
/// surface or until they outnumber the live ones, so every operation is amortised O(log n) and memory stays
/// within twice the live entries.
///
/// Inlinable: a node sets dozens for each message, and what is not specialised for its key costs ten times as
/// much.
public struct DeadlineQueue<Key: Hashable & Sendable>: Sendable {
  @usableFromInline struct Entry: Comparable, Sendable {
    @usableFromInline let instant: Instant
    @usableFromInline let ticket: UInt64
    @usableFromInline let key: Key

    @inlinable init(instant: Instant, ticket: UInt64, key: Key) {
      self.instant = instant
      self.ticket = ticket
      self.key = key
    }

    @inlinable static func < (left: Entry, right: Entry) -> Bool {
      (left.instant, left.ticket) < (right.instant, right.ticket)
    }
    @inlinable static func == (left: Entry, right: Entry) -> Bool { left.ticket == right.ticket }
  }

  @usableFromInline var heap = Heap<Entry>()
  @usableFromInline var current: [Key: (instant: Instant, ticket: UInt64)] = [:]
  @usableFromInline var nextTicket: UInt64 = 0

  @inlinable package init() {}

  @inlinable package var isEmpty: Bool { current.isEmpty }
  @inlinable package var count: Int { current.count }

  /// The earliest deadline of any key.
  @inlinable package var earliest: Instant? {
    mutating get {
      dropStale()
      return heap.min?.instant
    }
  }

  @inlinable package func deadline(of key: Key) -> Instant? { current[key]?.instant }

  /// Sets, moves or (with nil) removes the deadline of a key.
  @inlinable package mutating func set(_ key: Key, to instant: Instant?) {
    guard let instant else {
      current[key] = nil
      return
    }
    if current[key]?.instant == instant { return }
    nextTicket += 1
    current[key] = (instant, nextTicket)
    heap.insert(Entry(instant: instant, ticket: nextTicket, key: key))
    if heap.count > 2 * current.count + 16 { rebuild() }
  }

  /// Sets the deadline of a key unless it has an earlier one. For deadlines that move with every byte: the
  /// key then expires early, finds nothing to do, and is set anew.
  @inlinable package mutating func tighten(_ key: Key, to instant: Instant?) {
    guard let instant else { return set(key, to: nil) }
    if let present = current[key]?.instant, present <= instant { return }
    set(key, to: instant)
  }

  /// Removes and returns one key whose deadline is not after `now`, earliest first, ties in the order they
  /// were set.
  @inlinable package mutating func popExpired(at now: Instant) -> Key? {
    dropStale()
    guard let first = heap.min, first.instant <= now else { return nil }
    heap.removeMin()
    current[first.key] = nil
    return first.key
  }

  @inlinable mutating func dropStale() {
    while let first = heap.min, current[first.key]?.ticket != first.ticket { heap.removeMin() }
  }

  @inlinable mutating func rebuild() {
    heap = Heap(heap.unordered.filter { current[$0.key]?.ticket == $0.ticket })
  }
}
