import Foundation

/// A process that talks in lines.
final class Child {
  private let process = Process()
  private let input = Pipe()
  private let output = Pipe()
  private var unread = Data()

  var pid: pid_t { process.processIdentifier }

  init(
    _ executable: String, _ arguments: [String], environment: [String: String] = [:], isQuiet: Bool = false
  ) throws {
    process.executableURL = URL(fileURLWithPath: executable)
    process.arguments = arguments
    process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
    process.standardInput = input
    process.standardOutput = output
    if isQuiet { process.standardError = FileHandle.nullDevice }
    do {
      try process.run()
    } catch {
      throw BenchError("\(executable) cannot be run: \(error)")
    }
  }

  /// This very program, in one of its other roles.
  convenience init(role: String, _ arguments: [String] = []) throws {
    try self.init("/proc/self/exe", [role] + arguments)
  }

  /// What a role says to the process that started it.
  static func say(_ line: String) {
    FileHandle.standardOutput.write(Data((line + "\n").utf8))
  }

  func writeLine(_ line: String) throws {
    try input.fileHandleForWriting.write(contentsOf: Data((line + "\n").utf8))
  }

  func readLine(within seconds: Double = 60) throws -> String {
    let deadline = Clock.wall + seconds
    while true {
      if let end = unread.firstIndex(of: UInt8(ascii: "\n")) {
        let line = String(decoding: unread[..<end], as: UTF8.self)
        unread.removeSubrange(...end)
        return line
      }
      var waiting = pollfd(fd: output.fileHandleForReading.fileDescriptor, events: Int16(POLLIN), revents: 0)
      let ready = poll(&waiting, 1, Int32(max(0, deadline - Clock.wall) * 1000))
      if ready == 0 { throw BenchError("\(name) said nothing for \(seconds) s") }
      let data = output.fileHandleForReading.availableData
      if data.isEmpty { throw BenchError("\(name) ended") }
      unread.append(data)
    }
  }

  /// Reads what it says from now on, for nobody: a node that nobody listens to takes its leave.
  func ignoreOutput() {
    output.fileHandleForReading.readabilityHandler = { handle in
      if handle.availableData.isEmpty { handle.readabilityHandler = nil }
    }
  }

  /// Waits for the end of a process that ends by itself. Processor seconds it used.
  func finish() throws -> Double {
    let before = ProcessStatistics.cpuSecondsOfChildren
    process.waitUntilExit()
    guard process.terminationStatus == 0 else {
      throw BenchError("\(name) ended with status \(process.terminationStatus)")
    }
    return ProcessStatistics.cpuSecondsOfChildren - before
  }

  func stop() {
    try? input.fileHandleForWriting.close()
    process.terminate()
    let deadline = Clock.wall + 5
    while process.isRunning, Clock.wall < deadline { usleep(10_000) }
    if process.isRunning { kill(pid, SIGKILL) }
    process.waitUntilExit()
  }

  private var name: String { process.executableURL?.lastPathComponent ?? "the process" }
}
