import Testing

@testable import Runtime

@Suite struct KeyLogFileTests {
  @Test func linesAreThereWhenTheCallReturns() throws {
    let directory = TemporaryDirectory()
    let path = directory.file("keys")
    let log = try KeyLogFile(appendingTo: path)
    try log.append("first")
    #expect(contents(of: path) == "first\n")
    try log.append("second")
    #expect(contents(of: path) == "first\nsecond\n")
    #expect(mode(of: path) == 0o600)
  }

  @Test func olderFilesAreAppendedToAndKeptToTheirOwner() throws {
    let directory = TemporaryDirectory()
    let path = directory.write("before\n", to: "keys", mode: 0o644)
    try KeyLogFile(appendingTo: path).append("after")
    #expect(contents(of: path) == "before\nafter\n")
    #expect(mode(of: path) == 0o600)
  }

  @Test func failuresSayWhereAndWhy() {
    let failure = #expect(throws: KeyLogFile.Failure.self) {
      _ = try KeyLogFile(appendingTo: "/nonexistent/keys")
    }
    #expect(failure?.description == "/nonexistent/keys: No such file or directory")
    #expect(throws: KeyLogFile.Failure.self) { _ = try KeyLogFile(appendingTo: "/tmp") }
  }
}
