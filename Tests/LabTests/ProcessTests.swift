import Glibc
import Lab
import Testing

@Suite(.enabled(if: isLaboratoryPossible), .timeLimit(.minutes(1)))
struct ProcessTests {
  /// A node that never becomes ready, dies at start, floods its log, ignores SIGTERM, garbles its API.
  @Test func whateverAProgramDoesIsSaidAndBounded() throws {
    var template = Array("/tmp/lab-tests.XXXXXX".utf8CString)
    let directory = String(cString: try #require(mkdtemp(&template)))
    defer { _ = try? Probe.remove(directory) }
    let found = try findings("processes", directory)

    #expect(found["missing"] == "/no/such cannot be run: No such file or directory")
    #expect(found["nowhere"] == "there is no host h9")
    #expect(found["dying"] == "dying exited with status 3; its last lines: |   first |   port taken")
    #expect(found["silent"] == "silent was not ready after 0.2 seconds; it wrote nothing to its log")
    #expect(found["unanswered"] == "silent did not answer node.info within 0.2 seconds")
    #expect(found["silent-stop"] == "was ended by signal 15")
    #expect(found["stubborn-stop"] == "was ended by signal 9")
    #expect(found["note-stubborn"] == "did not end within 0.2 seconds of SIGTERM, and is killed")

    #expect(found["flooding"] == "exited with status 0")
    #expect(found["note-flooding"] == "its log is cut after 100000 bytes")
    let log = try SmallFile.read("\(directory)/flooding.log")
    #expect(log.utf8.count < 100_100)
    #expect(log.hasSuffix("[its log is cut after 100000 bytes; the process goes on]\n"))

    #expect(found["garbled"] == "true")
    #expect(found.all("note-garbled").count == 2)
    #expect(found["gone"]?.hasPrefix("garbled exited with status 0 before it answered node.info") == true)

    #expect(found.number("paused-events") == 0)
    #expect(found["resumed"] == "true")
    #expect(found["crash"] == "was ended by signal 9")
    #expect(found.number("zombies") == 0)
    #expect(found.status == 0)
  }
}

extension Probe {
  /// A folder of files.
  static func remove(_ directory: String) throws {
    for name in ["dying", "silent", "stubborn", "flooding", "garbled", "paused"] {
      unlink("\(directory)/\(name).log")
    }
    rmdir(directory)
  }
}
