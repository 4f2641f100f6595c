import Foundation
import Lab
import Scenario
import Testing

/// Whether this machine lets anybody build a laboratory. In CI nothing is left out: there it fails.
let isLaboratoryPossible = Doctor.examine().isLaboratoryPossible || getenv("CI") != nil

/// A folder for the runs of one test.
struct Place: ~Copyable {
  let folder: String

  init() throws {
    folder = FileManager.default.temporaryDirectory.path + "/stage-tests-\(UUID().uuidString)"
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(atPath: folder) }

  var run: String { "\(folder)/run" }

  /// Something that stands in for `meshnode`.
  func program(_ name: String, _ script: String) throws -> String {
    let path = "\(folder)/\(name)"
    try "#!/bin/sh\n\(script)\n".write(toFile: path, atomically: true, encoding: .utf8)
    try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: path)
    return path
  }

  /// Starts `meshsim run` of that plan, by another program if there is one.
  func perform(under prefix: [String] = [], _ scenario: (Script) -> Void) throws -> Meshsim {
    let script = Script(name: "test", seed: 1)
    scenario(script)
    let path = "\(folder)/test.json"
    try JSON(encoding: script.plan).text.write(toFile: path, atomically: true, encoding: .utf8)
    return try Meshsim(["run", path, "--out", run], under: prefix)
  }

  func text(of file: String) -> String {
    (try? String(contentsOfFile: "\(run)/\(file)", encoding: .utf8)) ?? ""
  }

  func bytes(of file: String) -> Int {
    (try? FileManager.default.attributesOfItem(atPath: "\(run)/\(file)"))?[.size] as? Int ?? 0
  }
}

/// Said on a node's API when it listens.
let ready = #"echo '{"jsonrpc":"2.0","method":"event","params":{"seq":1,"timeMs":1,"type":"ready"}}'"#

/// The executable beside the tests' own; `prefix` is a command that runs what follows it.
final class Meshsim {
  private let process = Process()
  private let output = Pipe()
  private let error = Pipe()
  private let began = ContinuousClock.now

  init(_ arguments: [String], under prefix: [String] = []) throws {
    let own = try #require(try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe"))
    let path = URL(fileURLWithPath: own).deletingLastPathComponent().appending(path: "meshsim").path
    let words = prefix + [path] + arguments
    process.executableURL = URL(fileURLWithPath: words[0])
    process.arguments = Array(words.dropFirst())
    process.standardOutput = output
    process.standardError = error
    // Tests run on threads that block signals, and a child inherits that.
    var none = sigset_t()
    sigemptyset(&none)
    var before = sigset_t()
    pthread_sigmask(SIG_SETMASK, &none, &before)
    defer { pthread_sigmask(SIG_SETMASK, &before, nil) }
    try process.run()
  }

  func signal(_ number: CInt) { kill(process.processIdentifier, number) }

  /// Reads its progress until a line has these words; false when there is none.
  func says(_ words: String) -> Bool {
    var text = ""
    while let more = try? error.fileHandleForReading.read(upToCount: 1), !more.isEmpty {
      text += String(decoding: more, as: UTF8.self)
      if text.contains(words) { return true }
    }
    return false
  }

  struct End {
    let status: CInt
    let output: String
    let error: String
    let seconds: Double
  }

  /// Waits for its end. What it wrote fits the pipes, or is read by `says`.
  func end() -> End {
    let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    let complaints = String(decoding: error.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    let status =
      process.terminationReason == .exit ? process.terminationStatus : -process.terminationStatus
    return End(
      status: status, output: text, error: complaints,
      seconds: (ContinuousClock.now - began) / .seconds(1))
  }

  /// What still runs of it: programs whose command line names the folder.
  static func remains(of folder: String) -> [String] {
    let pids = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
    return pids.filter { Int($0) != nil }.compactMap { pid in
      guard let data = FileManager.default.contents(atPath: "/proc/\(pid)/cmdline") else { return nil }
      let words = String(decoding: data, as: UTF8.self).replacingOccurrences(of: "\0", with: " ")
      return words.contains(folder) ? words : nil
    }
  }
}
