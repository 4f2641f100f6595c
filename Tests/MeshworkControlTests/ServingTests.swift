import Glibc
import NIOCore
import NIOPosix
import Testing

@testable import MeshworkControl

@Suite("Sockets and standard streams", .timeLimit(.minutes(1)))
struct ServingTests {
  @Test func theSocketIsForItsOwnerAlone() async throws {
    try await withServer { served in
      let mode = try mode(of: served.socket)
      #expect(mode == 0o600)
    }
  }

  @Test func theSocketGoesWithTheServer() async throws {
    let directory = try TemporaryDirectory()
    let path = directory.path("s")
    let (file, descriptor) = try SocketFile.listen(at: path)
    #expect(access(path, F_OK) == 0)
    close(descriptor)
    file.remove()
    #expect(access(path, F_OK) != 0)
  }

  @Test func aLivingSocketIsNotTakenOver() async throws {
    try await withServer { served in
      #expect(throws: SocketFileError.inUse(path: served.socket)) { try SocketFile.listen(at: served.socket) }
      try await served.conversation { client in _ = try await client.call("node.info") }
    }
  }

  @Test func aDeadSocketIsReplaced() throws {
    let directory = try TemporaryDirectory()
    let path = directory.path("s")
    let (dead, descriptor) = try SocketFile.listen(at: path)
    close(descriptor)
    let (alive, again) = try SocketFile.listen(at: path)
    // The dead one's owner no longer removes what is not its own.
    dead.remove()
    #expect(access(path, F_OK) == 0)
    close(again)
    alive.remove()
    #expect(access(path, F_OK) != 0)
  }

  @Test func whatIsNoSocketIsLeftAlone() throws {
    let directory = try TemporaryDirectory()
    let path = try directory.write("mine", to: "s")
    #expect(throws: SocketFileError.notASocket(path: path)) { try SocketFile.listen(at: path) }
    #expect(try TextFile.read(path) == "mine")
  }

  @Test func pathsThatCannotBeAreExplained() throws {
    let long = "/tmp/" + String(repeating: "x", count: 120)
    #expect(throws: SocketFileError.pathTooLong(path: long, bytes: 125, bytesMax: 107)) {
      try SocketFile.listen(at: long)
    }
    #expect {
      try SocketFile.listen(at: "/nowhere/at/all/s")
    } throws: { "\($0)".contains("No such file or directory") && "\($0)".contains("--api unix:PATH") }
  }

  @Test func oneClientTooManyIsToldSo() async throws {
    var limits = ControlServer.Limits()
    limits.clients = 1
    try await withServer(limits: limits) { served in
      try await served.conversation { first in
        _ = try await first.call("node.info")
        try await served.conversation { second in
          let line = try await second.nextLine()
          #expect(line?.errorCode == -32001)
          #expect(line?.errorMessage.contains("1 clients are connected") == true)
        }
        _ = try await first.call("node.info")
      }
    }
  }

  @Test func nobodyToAskIsExplained() async throws {
    let directory = try TemporaryDirectory()
    let path = directory.path("s")
    await #expect {
      try await ControlClient.withConnection(to: path) { _ in }
    } throws: { "\($0)".contains("start one with: meshnode run") }
  }

  @Test func standardStreamsCarryEveryEventAndEndTheProcess() async throws {
    var (input, output): ((Int32, Int32), (Int32, Int32)) = ((0, 0), (0, 0))
    try pipe(&input)
    try pipe(&output)
    let node = try FakeNode()
    let shutdowns = ShutdownRequests()
    await node.emit("ready")
    let server = ControlServer(node, shutdowns: shutdowns, logger: quiet)
    try await server.serveStandardStreams(input: input.0, output: output.1)
    put(#"{"jsonrpc":"2.0","id":1,"method":"node.info"}"#, to: input.1)
    close(input.1)
    #expect(await shutdowns.first() == "standard input has ended")
    await node.emit("connection.closed")
    await node.end()
    await server.stop()
    close(output.1)
    let lines = try readToEnd(output.0).split(separator: "\n").map { try json(String($0)) }
    #expect(lines.count == 3)
    #expect(lines.compactMap(\.eventNumber) == [1, 2])
    #expect(lines.contains { $0["id"] == 1 && $0["result"]?["peerId"]?.text == FakeNode.id })
    close(input.0)
    close(output.0)
  }

  @Test func standardStreamsMayBeFiles() async throws {
    let directory = try TemporaryDirectory()
    let commands = try directory.write(#"{"jsonrpc":"2.0","id":1,"method":"peers.list"}"# + "\n", to: "in")
    let answers = try directory.write("", to: "out")
    let input = open(commands, O_RDONLY)
    let output = open(answers, O_WRONLY)
    let node = try FakeNode()
    let shutdowns = ShutdownRequests()
    let server = ControlServer(node, shutdowns: shutdowns, logger: quiet)
    try await server.serveStandardStreams(input: input, output: output)
    _ = await shutdowns.first()
    await node.end()
    await server.stop()
    #expect(try json(TextFile.read(answers))["id"] == 1)
    close(input)
    close(output)
  }

  private func pipe(_ pair: inout (Int32, Int32)) throws {
    let rc = withUnsafeMutableBytes(of: &pair) {
      Glibc.pipe($0.assumingMemoryBound(to: Int32.self).baseAddress)
    }
    guard rc == 0 else { throw SystemError() }
  }

  private func put(_ line: String, to descriptor: Int32) {
    let bytes = Array("\(line)\n".utf8)
    #expect(write(descriptor, bytes, bytes.count) == bytes.count)
  }

  private func readToEnd(_ descriptor: Int32) throws -> String {
    var bytes: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 4096)
    while true {
      let count = read(descriptor, &buffer, buffer.count)
      guard count > 0 else { return String(decoding: bytes, as: UTF8.self) }
      bytes += buffer[..<count]
    }
  }
}
