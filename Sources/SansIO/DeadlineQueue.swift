private import HeapModule

/// Deadlines of many keyed things, with the earliest at hand: a node's connections, a connection's streams.
///
/// Setting a key's deadline replaces the one before. Entries that were replaced stay in the heap until they
/// surface or until they outnumber the live ones, so every operation is amortised O(log n) and memory stays
/// within twice the live entries.
package struct DeadlineQueue<Key: Hashable & Sendable>: Sendable {
  private struct Entry: Comparable, Sendable {
    let instant: Instant
    let ticket: UInt64
    let key: Key

    static func < (left: Entry, right: Entry) -> Bool {
      (left.instant, left.ticket) < (right.instant, right.ticket)
    }
    static func == (left: Entry, right: Entry) -> Bool { left.ticket == right.ticket }
  }

  private var heap = Heap<Entry>()
  private var current: [Key: (instant: Instant, ticket: UInt64)] = [:]
  private var nextTicket: UInt64 = 0

  package init() {}

  package var isEmpty: Bool { current.isEmpty }
  package var count: Int { current.count }

  /// The earliest deadline of any key.
  package var earliest: Instant? {
    mutating get {
      dropStale()
      return heap.min?.instant
    }
  }

  package func deadline(of key: Key) -> Instant? { current[key]?.instant }

  /// Sets, moves or (with nil) removes the deadline of a key.
  package mutating func set(_ key: Key, to instant: Instant?) {
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
  package mutating func tighten(_ key: Key, to instant: Instant?) {
    guard let instant else { return set(key, to: nil) }
    if let present = current[key]?.instant, present <= instant { return }
    set(key, to: instant)
  }

  /// Removes and returns one key whose deadline is not after `now`, earliest first, ties in the order they
  /// were set.
  package mutating func popExpired(at now: Instant) -> Key? {
    dropStale()
    guard let first = heap.min, first.instant <= now else { return nil }
    heap.removeMin()
    current[first.key] = nil
    return first.key
  }

  private mutating func dropStale() {
    while let first = heap.min, current[first.key]?.ticket != first.ticket { heap.removeMin() }
  }

  private mutating func rebuild() {
    heap = Heap(heap.unordered.filter { current[$0.key]?.ticket == $0.ticket })
  }
}
