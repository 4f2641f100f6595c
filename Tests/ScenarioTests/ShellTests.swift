// `meshsim shell` as a person has it: the whole executable, in its sandbox, where this machine allows that.

import Foundation
import Lab
import Testing

/// In CI nothing is left out: there it fails.
private let isPossible =
  ProcessInfo.processInfo.environment["CI"] != nil || Doctor.examine().isLaboratoryPossible

@Suite(.serialized, .enabled(if: isPossible, "no laboratory here"), .timeLimit(.minutes(2)))
struct ShellTests {
  /// A folder with a scenario, which is also where temporary files go.
  private let folder: URL

  init() throws {
    folder = FileManager.default.temporaryDirectory.appending(path: "shell-tests-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    try """
    // A hub and a node behind a router.
    import Scenario
    scenario { net in
      let hub = net.node("hub")
      let ana = net.node("ana", behind: .homeRouter, knows: hub)
      net.start(hub, ana)
      net.expect(ana.sees(hub), within: .seconds(10))
    }
    """.write(to: folder.appending(path: "two.swift"), atomically: true, encoding: .utf8)
  }

  private struct Ending {
    let status: Int32
    let output: String
    let error: String
  }

  private func shell(_ arguments: String..., command: [String]) throws -> Ending {
    try run(["shell", "two.swift"] + arguments + ["--"] + command)
  }

  private var meshsim: String {
    get throws {
      let own = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
      return URL(filePath: own).deletingLastPathComponent().appending(path: "meshsim").path
    }
  }

  private func run(_ arguments: [String]) throws -> Ending {
    try run(try meshsim, arguments)
  }

  private func run(_ executable: String, _ arguments: [String]) throws -> Ending {
    let process = Process()
    process.executableURL = URL(filePath: executable)
    process.arguments = arguments
    process.currentDirectoryURL = folder
    process.environment = ProcessInfo.processInfo.environment.merging(["TMPDIR": folder.path]) { $1 }
    let error = folder.appending(path: "stderr")
    _ = FileManager.default.createFile(atPath: error.path, contents: nil)
    process.standardError = try FileHandle(forWritingTo: error)
    let output = Pipe()
    process.standardOutput = output
    process.standardInput = FileHandle.nullDevice
    try process.run()
    let said = try output.fileHandleForReading.readToEnd() ?? Data()
    process.waitUntilExit()
    return Ending(
      status: process.terminationStatus, output: String(decoding: said, as: UTF8.self),
      error: try String(contentsOf: error, encoding: .utf8))
  }

  /// What it left in the folder for temporary files.
  private var leftovers: [String] {
    get throws {
      try FileManager.default.contentsOfDirectory(atPath: folder.path)
        .filter { $0.hasPrefix("meshsim-shell-") }
    }
  }

  @Test func `a command runs in its host, and its exit status is the shell's`() throws {
    let ending = try shell("--host", "ana", command: ["sh", "-c", "cat /proc/sys/kernel/hostname; exit 7"])
    #expect(ending.output == "ana\n")
    #expect(ending.status == 7)
    #expect(try leftovers.isEmpty)
  }

  @Test func `nothing runs, and what a run starts is printed`() throws {
    let ending = try shell(command: ["sh", "-c", "pgrep -c meshnode; cat /proc/sys/kernel/hostname"])
    #expect(ending.output == "0\nhub\n")
    #expect(ending.error.contains("two is up, seed 1. Nothing runs"))
    for host in ["hub", "ana"] {
      let line = ending.error.split(separator: "\n").first { $0.hasPrefix("on \(host) env ") }
      #expect(line?.contains("/meshnode run --name \(host) ") == true)
      #expect(line?.contains(" --api unix ") == true)
    }
  }

  @Test func `its network is up, and the other hosts can be entered`() throws {
    let listen =
      "import socket; s = socket.create_server(('', 7000)); print('up', flush=True); "
      + "c, a = s.accept(); c.sendall(a[0].encode())"
    let connect = "import socket; print(socket.create_connection(('hub', 7000), 5).recv(99).decode())"
    let script = """
      on hub python3 -c "\(listen)" > listening & until grep -q up listening; do sleep 0.05; done
      python3 -c "\(connect)"; on nowhere true; echo $?
      """
    let ending = try shell("--host", "ana", command: ["sh", "-c", script])
    let lines = ending.output.split(separator: "\n")
    // The hub sees the router.
    #expect(lines.count == 2 && lines.first?.hasPrefix("192.168.") == false && lines.last == "2")
    #expect(ending.error.contains("no host 'nowhere'; there are: hub ana"))
    #expect(ending.status == 0)
  }

  @Test func `what it started in the background ends with it`() throws {
    let mark = "\(UInt32.random(in: 100_000_000...(.max)))"
    let ending = try shell(command: ["sh", "-c", "sleep \(mark) & kill -0 $! && echo running"])
    #expect(ending.output == "running\n")
    #expect(try run("/usr/bin/env", ["pgrep", "-f", "sleep \(mark)"]).output.isEmpty)
    #expect(try leftovers.isEmpty)
  }

  @Test func `on a terminal it is a shell whose prompt names the host`() throws {
    let script = """
      import os, pty, sys
      pid, terminal = pty.fork()
      if pid == 0: os.execv(sys.argv[1], ["meshsim", "shell", "two.swift", "--host", "ana"])
      said = b""
      def until(text):
        global said
        while text not in said:
          try: said += os.read(terminal, 4096)
          except OSError: return
      until(b"ana:"); os.write(terminal, b"echo $((6 * 7)) here; exit 5\\n")
      until(b"42 here"); until(b"nothing more")
      print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), b"42 here" in said, b"no job control" in said)
      """
    let ending = try run("/usr/bin/env", ["python3", "-c", script, try meshsim])
    #expect(ending.output == "5 True False\n")
    #expect(try leftovers.isEmpty)
  }

  @Test func `a host that there is not, and a folder, are refused`() throws {
    let unknown = try shell("--host", "eve", command: ["true"])
    #expect(unknown.status == 2 && unknown.error.contains("two has no host eve; it has hub, ana"))
    let many = try run(["shell", "."])
    #expect(many.status == 2 && many.error.contains("this is a folder"))
    #expect(try leftovers.isEmpty)
  }
}
