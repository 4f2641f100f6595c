import DequeModule
import Identity
import SansIO

/// Numbers that an author has used in a room and that have not come.
///
/// Only what came after the first message seen of an author can be missed. Numbers are the author's word:
/// whoever counts backwards, twice or in leaps gets no gaps told, and disturbs nobody else's.
struct Gaps: Sendable {
  struct Key: Hashable, Sendable {
    let room: String
    let author: PeerID
  }

  private struct Hole {
    let missing: ClosedRange<UInt64>
    let since: Instant
    var isTold = false
  }

  private struct Record {
    var highest: UInt64
    /// Ascending.
    var holes: [Hole] = []
  }

  private let patience: Duration
  private let recordsMax: Int
  private let holesMax: Int
  private let widthMax: UInt64
  private var records: [Key: Record] = [:]
  /// First met first.
  private var order: Deque<Key> = []
  /// Holes not yet told, oldest first. One entry for each hole made; those that were filled find nothing.
  private var untold: Deque<(due: Instant, key: Key)> = []
  /// Jumps too wide to be a gap, and holes forgotten.
  private(set) var jumps: UInt64 = 0
  private(set) var forgotten: UInt64 = 0

  init(_ configuration: Configuration) {
    patience = configuration.gapPatience
    recordsMax = configuration.gapRecordsMax
    holesMax = configuration.gapsPerRecordMax
    widthMax = configuration.gapWidthMax
  }

  mutating func received(_ sequence: UInt64, of author: PeerID, in room: String, at now: Instant) {
    let key = Key(room: room, author: author)
    guard var record = records[key] else { return begin(key, with: sequence) }
    defer { records[key] = record }
    guard sequence > record.highest else { return fill(sequence, &record) }
    let width = sequence - record.highest - 1
    defer { record.highest = sequence }
    guard width > 0 else { return }
    guard width <= widthMax else {
      jumps += 1
      return
    }
    if record.holes.count >= holesMax {
      record.holes.removeFirst()
      forgotten += 1
    }
    record.holes.append(Hole(missing: record.highest + 1...sequence - 1, since: now))
    // As many as there can be holes; beyond, those filled have made room long ago.
    if untold.count >= recordsMax { _ = untold.popFirst() }
    untold.append((now + patience, key))
  }

  private mutating func begin(_ key: Key, with sequence: UInt64) {
    if order.count >= recordsMax, let oldest = order.popFirst() {
      forgotten += UInt64(records.removeValue(forKey: oldest)?.holes.count ?? 0)
    }
    records[key] = Record(highest: sequence)
    order.append(key)
  }

  private mutating func fill(_ sequence: UInt64, _ record: inout Record) {
    guard let index = record.holes.firstIndex(where: { $0.missing.contains(sequence) }) else { return }
    let hole = record.holes[index]
    var parts: [Hole] = []
    if hole.missing.lowerBound < sequence {
      parts.append(
        Hole(missing: hole.missing.lowerBound...sequence - 1, since: hole.since, isTold: hole.isTold))
    }
    if sequence < hole.missing.upperBound {
      parts.append(
        Hole(missing: sequence + 1...hole.missing.upperBound, since: hole.since, isTold: hole.isTold))
    }
    record.holes.replaceSubrange(index...index, with: parts)
    if record.holes.count > holesMax {
      record.holes.removeFirst()
      forgotten += 1
    }
  }

  // MARK: Time

  var deadline: Instant? { untold.first?.due }

  /// Gaps that have lasted, each once.
  mutating func popDue(at now: Instant) -> [(key: Key, missing: ClosedRange<UInt64>)] {
    var due: [(key: Key, missing: ClosedRange<UInt64>)] = []
    while let first = untold.first, first.due <= now {
      untold.removeFirst()
      guard var record = records[first.key] else { continue }
      for index in record.holes.indices where !record.holes[index].isTold {
        guard record.holes[index].since + patience <= now else { continue }
        record.holes[index].isTold = true
        due.append((first.key, record.holes[index].missing))
      }
      records[first.key] = record
    }
    return due
  }

  /// What is missing now of an author in a room.
  func missing(of author: PeerID, in room: String) -> [ClosedRange<UInt64>] {
    records[Key(room: room, author: author)]?.holes.map(\.missing) ?? []
  }

  mutating func forget(room: String) {
    order.removeAll { $0.room == room }
    records = records.filter { $0.key.room != room }
  }
}
