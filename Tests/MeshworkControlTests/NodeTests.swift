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

  private func messenger(_ name: String, in directory: TemporaryDirectory) throws -> MeshNode {
    var configuration = Configuration(identity: .ephemeral())
    configuration.listen = [try Multiaddr("/ip4/127.0.0.1/tcp/0")]
    configuration.messenger = Messenger()
    configuration.messenger?.history = directory.path(name)
    return MeshNode(configuration, logger: quiet)
  }

  @Test func twoMessengersSeeEachOtherAndWriteToEachOther() async throws {
    let directory = try TemporaryDirectory()
    let (alice, bob) = (try messenger("a", in: directory), try messenger("b", in: directory))
    try await alice.start()
    try await bob.start()
    let server = ControlServer(alice, shutdowns: ShutdownRequests(), logger: quiet)
    let socket = directory.path("s")
    try await server.serve(socket: socket)
    let address = try #require(await bob.info().listenAddresses.first)
    let peer = JSONValue.string(bob.peerID.description)

    try await ControlClient.withConnection(to: socket) { client in
      _ = try await client.call("peers.connect", ["addr": .string("\(address)/p2p/\(bob.peerID)")])
      try await bob.waitUntil(hears: "peer.online")
      _ = try await client.call("node.refresh")
      let sent = try await client.call("chat.send", ["text": "hello"])
      #expect(sent["state"] == "queued")
      let direct = try await client.call("chat.send", ["text": "for you", "to": peer])
      try await bob.waitUntil(hears: "message.received", times: 2)
      try await alice.waitUntil(hears: "message.state", times: 3)

      let room = try await client.call("chat.history", ["room": "global"]).elements ?? []
      #expect(room.map { $0["text"] } == ["hello"])
      #expect(room.first?["id"] == sent["id"])
      #expect(room.first?["state"] == "sent")
      let talk = try await client.call("chat.history", ["peer": peer]).elements ?? []
      #expect(talk.map { $0["text"] } == ["for you"])
      #expect(talk.first?["id"] == direct["id"])
      #expect(talk.first?["state"] == "delivered")
      #expect(talk.first?["peer"] == peer)
      #expect(try await client.call("chat.search", ["text": "hel"]).elements?.count == 1)
      #expect(try await client.call("chat.join", ["room": "#Garden"]) == ["room": "garden"])
      #expect(try await client.call("chat.leave", ["room": "garden"]) == .null)
      let written = try await client.call("chat.list").elements?.filter { $0["last"] != .null }
      #expect(written?.compactMap { $0["last"]?["text"]?.text }.sorted() == ["for you", "hello"])
      let listed = try await client.call("peers.list").elements?.first { $0["peerId"] == peer }
      #expect(listed?["presence"] == "online")
      #expect(listed?["lastSeenMs"]?.whole ?? 0 > 1_600_000_000_000)
      await #expect { try await client.call("chat.send", ["text": ""]) } throws: {
        ($0 as? RPCError)?.message.contains("needs a text") ?? false
      }
    }
    await alice.shutdown()
    try await bob.waitUntil(hears: "peer.offline")
    let kept = try await bob.history(of: .peer(alice.peerID))
    #expect(kept.map(\.text) == ["for you"])
    await server.stop()
    await bob.shutdown()
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
      // Connected, but no messenger: it never says that it is there.
      #expect(peers.elements?.first { $0["peerId"] == peer }?["path"] == "direct")
      #expect(peers.elements?.first { $0["peerId"] == peer }?["presence"] == "offline")
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

extension MeshNode {
  /// Returns once an event of that type has happened so many times since the start. The suite's time limit
  /// bounds it.
  fileprivate func waitUntil(hears type: String, times: Int = 1) async throws {
    var heard = 0
    for await event in events(after: 0) where event.type == type {
      heard += 1
      if heard == times { return }
    }
    Issue.record("the node ended before \(type) came \(times) times")
  }
}
