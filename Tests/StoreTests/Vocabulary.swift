import Chat
import GRDB
import Glibc
import Identity
import SansIO
import Synchronization
import Testing

@testable import Store

// MARK: - People, messages

/// A peer who exists only by number.
func peer(_ number: UInt8) -> PeerID {
  do {
    return try PeerID(bytes: [0x00, 0x24, 0x08, 0x01, 0x12, 0x20] + Array(repeating: number, count: 32))
  } catch {
    preconditionFailure("peer \(number) has no valid id: \(error)")
  }
}

let me = peer(0)
let ann = peer(1)
let bob = peer(2)
let tea = Conversation.room("tea")

func key(_ number: Int, by author: PeerID = ann) -> MessageKey {
  let digits = String(number, radix: 16)
  return MessageKey(author: author, id: String(repeating: "0", count: 32 - digits.count) + digits)
}

/// A message by its number; another's unless it has a state of ours.
func message(
  _ number: Int, by author: PeerID? = nil, in conversation: Conversation = tea, sequence: UInt64? = nil,
  _ text: String, sentMs: Int64? = 5, _ state: DeliveryState = .received
) -> Message {
  Message(
    key: key(number, by: author ?? (state == .received ? ann : me)), conversation: conversation,
    sequence: sequence ?? UInt64(number), text: text, sentMs: sentMs, receivedMs: 1_000 + Int64(number),
    state: state)
}

func message(
  _ number: Int, by author: PeerID? = nil, in conversation: Conversation = tea, sequence: UInt64? = nil,
  sentMs: Int64? = 5, _ state: DeliveryState = .received
) -> Message {
  message(
    number, by: author, in: conversation, sequence: sequence, "message \(number)", sentMs: sentMs, state)
}

extension Sequence where Element == Message {
  /// The numbers of the messages.
  var numbers: [Int] { map { Int($0.key.id, radix: 16) ?? -1 } }
  var texts: [String] { map(\.text) }
}

// MARK: - A store in a place

/// The forms of the store, which are held to the same rules.
enum Place: CaseIterable { case file, memory }

/// A store of its own, with a clock that the test moves.
final class Desk {
  let directory = TemporaryDirectory()
  let limits: Limits
  private let place: Place
  private(set) var store: Store
  private(set) var now = Instant.zero

  init(_ place: Place = .file, _ configure: (inout Limits) -> Void = { _ in }) {
    var limits = Limits()
    configure(&limits)
    self.limits = limits
    self.place = place
    store = Store(at: Self.location(place, directory), limits: limits)
  }

  var path: String { directory.file("history.sqlite") }

  private static func location(_ place: Place, _ directory: TemporaryDirectory) -> Store.Location {
    place == .file ? .file(directory.file("history.sqlite")) : .memory
  }

  @discardableResult
  func apply(_ writes: Write...) -> [Outcome] { store.apply(writes, at: now) }

  func insert(_ messages: Message...) { _ = store.apply(messages.map(Write.insert), at: now) }

  func insert(_ numbers: ClosedRange<Int>, in conversation: Conversation = tea) {
    _ = store.apply(numbers.map { .insert(message($0, in: conversation)) }, at: now)
  }

  func pass(_ duration: Duration) { now += duration }

  /// The process ends and starts again.
  func restart() {
    store.close()
    store = Store(at: Self.location(place, directory), limits: limits)
  }

  /// Ends the store, so that the test can get at the file.
  func shut() { store.close() }

  func open() { store = Store(at: Self.location(place, directory), limits: limits) }

  /// The kinds of the problems told since the last time.
  var problems: [Problem.Kind] {
    var kinds: [Problem.Kind] = []
    while let problem = store.nextProblem() { kinds.append(problem.kind) }
    return kinds
  }

  /// Acts on the connection that the store itself uses.
  func onConnection(_ sql: String) throws {
    let ledger = store.custody.withLock { $0.ledger }
    try ledger?.database.writeWithoutTransaction { try $0.execute(sql: sql) }
  }
}

/// Acts on a database file that no store has open.
func edit(_ path: String, _ sql: String, _ arguments: StatementArguments = []) throws {
  let database = try DatabaseQueue(path: path)
  try database.writeWithoutTransaction { db in
    try db.execute(sql: "PRAGMA foreign_keys = OFF; PRAGMA ignore_check_constraints = ON")
    try db.execute(sql: sql, arguments: arguments)
  }
  try database.close()
}

/// What SQLite and the full-text index say of a file; empty when all is well.
func damage(in path: String) throws -> [String] {
  let database = try DatabaseQueue(path: path)
  defer { try? database.close() }
  return try database.writeWithoutTransaction { db in
    try db.execute(sql: "INSERT INTO search (search, rank) VALUES ('integrity-check', 1)")
    let words = try String.fetchAll(db, sql: "PRAGMA integrity_check").filter { $0 != "ok" }
    return words + (try Row.fetchAll(db, sql: "PRAGMA foreign_key_check").map { "\($0)" })
  }
}

// MARK: - Files

final class TemporaryDirectory: Sendable {
  let path: String

  init() {
    var template = Array("/tmp/meshwork-test-XXXXXX".utf8CString)
    guard mkdtemp(&template) != nil else { preconditionFailure("no directory under /tmp: errno \(errno)") }
    path = String(decoding: template.dropLast().map(UInt8.init(bitPattern:)), as: UTF8.self)
  }

  deinit {
    chmod(path, 0o700)
    for name in names { remove(file(name)) }
    rmdir(path)
  }

  /// What is in it, in order.
  var names: [String] {
    guard let directory = opendir(path) else { return [] }
    defer { closedir(directory) }
    var names: [String] = []
    while let entry = readdir(directory) {
      let name = withUnsafePointer(to: &entry.pointee.d_name) {
        $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
      }
      if name != ".", name != ".." { names.append(name) }
    }
    return names.sorted()
  }

  func file(_ name: String) -> String { "\(path)/\(name)" }

  func mode(of name: String) -> mode_t? {
    var status = stat()
    return stat(file(name), &status) == 0 ? status.st_mode & 0o777 : nil
  }

  func write(_ bytes: [UInt8], to name: String) {
    let stream = fopen(file(name), "w")
    fwrite(bytes, 1, bytes.count, stream)
    fclose(stream)
  }

  func read(_ name: String) -> [UInt8] {
    guard let stream = fopen(file(name), "r") else { return [] }
    defer { fclose(stream) }
    var status = stat()
    fstat(fileno(stream), &status)
    var bytes = [UInt8](repeating: 0, count: Int(status.st_size))
    fread(&bytes, 1, bytes.count, stream)
    return bytes
  }
}
