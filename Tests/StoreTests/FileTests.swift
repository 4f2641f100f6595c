import Chat
import GRDB
import Glibc
import SansIO
import Testing

@testable import Store

/// The file and its troubles.
@Suite("File") struct FileTests {
  @Test func onlyTheUserMayLook() {
    let desk = Desk()
    desk.insert(1...3)
    #expect(desk.directory.names == ["history.sqlite", "history.sqlite-wal", "history.sqlite.lock"])
    for name in desk.directory.names { #expect(desk.directory.mode(of: name) == 0o600, "\(name)") }
    desk.shut()
    chmod(desk.path, 0o644)
    desk.open()
    desk.insert(4...5)
    for name in desk.directory.names { #expect(desk.directory.mode(of: name) == 0o600, "\(name)") }
  }

  @Test func oneProcessAtATime() {
    let desk = Desk()
    desk.insert(1...3)
    let other = Store(at: .file(desk.path))
    let problem = other.nextProblem()
    #expect(problem?.kind == .inUse)
    #expect(problem?.text == "another process (\(getpid())) uses it")
    #expect(!other.isOnFile)
    #expect(other.history(of: tea, limit: 9) == [])
    _ = other.apply([.insert(message(9))], at: .zero)
    desk.shut()
    _ = other.apply([.insert(message(10))], at: .zero + .seconds(29))
    #expect(!other.isOnFile, "it is too early")
    _ = other.apply([.insert(message(11))], at: .zero + .seconds(31))
    #expect(other.isOnFile)
    #expect(other.nextProblem()?.kind == .recovered)
    #expect(other.history(of: tea, limit: 9).numbers == [1, 2, 3, 9, 10, 11])
    other.close()
  }

  /// Somebody looks into the file with SQLite's own program.
  @Test func aProgramThatHoldsTheDatabase() throws {
    let desk = Desk()
    desk.insert(1...3)
    desk.shut()
    let other = try DatabaseQueue(path: desk.path)
    try other.writeWithoutTransaction { db in
      try db.execute(sql: "BEGIN IMMEDIATE")
      desk.open()
      #expect(desk.problems == [.inUse])
      desk.insert(4...5)
      try db.execute(sql: "ROLLBACK")
    }
    try other.close()
    desk.pass(.seconds(31))
    desk.insert(6...6)
    #expect(desk.problems == [.recovered])
    #expect(desk.store.history(of: tea, limit: 9).numbers == Array(1...6))
  }

  @Test func aClosedStoreStaysClosed() {
    let desk = Desk()
    desk.shut()
    for second in [0, 100, 200] {
      #expect(desk.store.apply([.insert(message(1))], at: .zero + .seconds(second)) == [.inserted])
    }
    #expect(!desk.store.isOnFile)
    #expect(desk.store.history(of: tea, limit: 9) == [])
    desk.open()
    #expect(desk.store.history(of: tea, limit: 9) == [])
  }

  // MARK: No space

  @Test func aFullDiskIsToldOnceAndLeftBehind() throws {
    let desk = Desk()
    desk.insert(1...10)
    desk.insert(message(11, in: .peer(bob), .queued))
    desk.apply(.room("tea", isJoined: true), .read(tea, upTo: key(4)), .author(ann, sequence: 5))
    try desk.onConnection("PRAGMA max_page_count = 1")
    let long = String(repeating: "long ", count: 3000)
    for number in 100..<110 { #expect(desk.apply(.insert(message(number, long))) == [.inserted]) }
    desk.apply(.state(key(11, by: me), .delivered), .read(tea, upTo: key(100)))
    #expect(desk.problems == [.full])
    #expect(!desk.store.isOnFile)
    #expect(desk.store.history(of: tea, limit: 99).numbers == Array(1...10) + Array(100...109))
    #expect(desk.apply(.insert(message(5)), .insert(message(105))) == [.duplicate, .duplicate])
    #expect(desk.store.load().rooms == ["tea"])
    let states = desk.store.conversations()

    desk.pass(.seconds(31))
    desk.insert(message(200))
    #expect(desk.problems == [.recovered])
    #expect(desk.store.isOnFile)
    desk.restart()
    #expect(desk.problems == [])
    #expect(desk.store.history(of: tea, limit: 99).numbers == Array(1...10) + Array(100...109) + [200])
    #expect(desk.store.message(for: key(11, by: me))?.state == .delivered)
    #expect(desk.store.load().outbox == [])
    #expect(desk.store.conversations().map(\.readUpTo) == states.map(\.readUpTo))
    #expect(desk.store.conversations().first?.unreadCount == 10)
    desk.shut()
    #expect(try damage(in: desk.path) == [])
  }

  @Test func aStoreThatClosesTriesALastTime() throws {
    let desk = Desk()
    try desk.onConnection("PRAGMA max_page_count = 1")
    desk.insert(1...200)
    #expect(desk.problems == [.full])
    desk.restart()
    #expect(desk.problems == [])
    #expect(desk.store.history(of: tea, limit: 999).count == 200)
  }

  // MARK: Not ours to write

  @Test(arguments: ["no/such/history.sqlite", "", "."])
  func aPathThatCannotBe(name: String) {
    let directory = TemporaryDirectory()
    let store = Store(at: .file(directory.file(name)))
    #expect(store.nextProblem()?.kind == .unreachable)
    #expect(store.apply([.insert(message(1))], at: .zero) == [.inserted])
    #expect(store.history(of: tea, limit: 9).numbers == [1])
    #expect(store.nextProblem() == nil)
  }

  @Test func aPipeIsNotWaitedFor() {
    let directory = TemporaryDirectory()
    mkfifo(directory.file("history.sqlite"), 0o600)
    let store = Store(at: .file(directory.file("history.sqlite")))
    #expect(store.nextProblem()?.text == "is not a regular file")
  }

  /// As root everything can be written, so the look is another user's.
  @Test func aReadOnlyDirectoryIsReadAndLeftAsItIs() throws {
    let desk = Desk()
    _ = desk.store.apply([.insert(message(1, in: .room("writer"), "old"))], at: .zero)
    desk.shut()
    let nobody: uid_t = geteuid() == 0 ? 65534 : 0
    unlink("\(desk.path).lock")
    if nobody != 0 {
      chown(desk.path, nobody, nobody)
      chown(desk.directory.path, nobody, nobody)
    }
    chmod(desk.path, 0o400)
    chmod(desk.directory.path, 0o500)
    let before = desk.directory.read("history.sqlite")
    let lines = try Writer("show", desk.path, "\(nobody)").lines()
    try #require(lines.count == 4, "\(lines)")
    #expect(lines[0] == "on file: false")
    #expect(lines[1].hasPrefix("readOnly: \(desk.path): cannot make \(desk.path).lock: Permission denied"))
    #expect(lines[2] == "old")
    #expect(lines[3] == "1")
    #expect(desk.directory.names == ["history.sqlite"])
    #expect(desk.directory.read("history.sqlite") == before)
  }

  @Test func aDatabaseOfAnotherProgramIsLeftAsItIs() throws {
    let foreign = [
      "CREATE TABLE messages (a)", "PRAGMA application_id = 7; CREATE TABLE t (a)",
      "PRAGMA journal_mode = WAL; CREATE TABLE t (a)", "PRAGMA application_id = 252006673; VACUUM",
    ]
    for sql in foreign {
      let desk = Desk()
      desk.shut()
      for name in desk.directory.names { unlink(desk.directory.file(name)) }
      try edit(desk.path, sql)
      let before = desk.directory.read("history.sqlite")
      desk.open()
      #expect(desk.problems == [.foreign], "\(sql)")
      desk.insert(1...3)
      #expect(desk.store.history(of: tea, limit: 9).numbers == [1, 2, 3])
      desk.shut()
      #expect(desk.directory.read("history.sqlite") == before, "\(sql)")
      #expect(desk.directory.names == ["history.sqlite", "history.sqlite.lock"])
    }
  }

  @Test func aNewerVersionIsLeftAsItIs() throws {
    let desk = Desk()
    desk.insert(1...3)
    desk.shut()
    try edit(desk.path, "INSERT INTO grdb_migrations VALUES ('of tomorrow')")
    let before = desk.directory.read("history.sqlite")
    desk.open()
    let problem = desk.store.nextProblem()
    #expect(problem?.kind == .newer)
    #expect(problem?.description.contains("To go on: use the newer version") == true)
    desk.insert(4...5)
    desk.shut()
    #expect(desk.directory.read("history.sqlite") == before)
  }
}
