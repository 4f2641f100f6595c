import Meshwork
import NIOCore
import Testing

@testable import MeshworkControl

@Suite("A real node", .timeLimit(.minutes(1)))
struct NodeTests {
  private func listening() async throws -> MeshNode {
    var configuration = Configuration(identity: .ephemeral())
    configuration.listen = [try Multiaddr("/ip4/127.0.0.1/tcp/0")]
    configuration.name = "one"
    let node = MeshNode(configuration, logger: quiet)
    try await node.start()
    return node
  }

  @Test func isControlledOverItsSocket() async throws {
    let directory = try TemporaryDirectory()
    let path = directory.path("s")
    let other = try await listening()
    let node = try await listening()
    let server = ControlServer(node, shutdowns: ShutdownRequests(), logger: quiet)
    try await server.serve(socket: path)
    let address = try #require(await other.info().listenAddresses.first)
    let peer = JSONValue.string(other.peerID.description)

    try await ControlClient.withConnection(to: path) { client in
      let info = try await client.call("node.info")
      #expect(info["peerId"]?.text == node.peerID.description)
      #expect(info["name"] == "one")
      #expect(info["listenAddrs"]?.elements?.count == 1)
      #expect(info["reachability"] == "unknown")

      let connected = try await client.call(
        "peers.connect", ["addr": .string("\(address)/p2p/\(other.peerID)")])
      #expect(connected["peerId"] == peer)
      #expect(connected["path"] == "direct")
      let pings = try await client.call("peers.ping", ["peerId": peer, "count": 3])
      #expect(pings["rttMs"]?.elements?.count == 3)
      let peers = try await client.call("peers.list")
      #expect(peers.elements?.first { $0["peerId"] == peer }?["presence"] == "online")
      #expect(try await client.call("peers.disconnect", ["peerId": peer]) == .null)
      await #expect {
        try await client.call("peers.ping", ["peerId": .string(FakeNode.friend)])
      } throws: { ($0 as? RPCError)?.code == -32000 }
    }

    try await ControlClient.withConnection(to: path) { client in
      _ = try await client.ask(#"{"jsonrpc":"2.0","id":1,"method":"events.subscribe","params":{"after":0}}"#)
      var types: [String] = []
      while !types.contains("connection.closed"), let line = try await client.nextLine() {
        types.append(line["params"]?["type"]?.text ?? "")
      }
      #expect(types.prefix(2) == ["listening", "ready"])
      #expect(types.contains("connection.opened"))
      #expect(types.contains("identified"))
    }
    await node.shutdown()
    await server.stop()
    await other.shutdown()
  }
}
