import Glibc
import Meshwork
import NIOCore
import Testing

@testable import MeshworkControl

@Suite("JSON-RPC conversations", .timeLimit(.minutes(1)))
struct ConversationTests {
  @Test func everyMethodAnswers() async throws {
    try await withServer { served in
      try await served.conversation { client in
        let info = try await client.call("node.info")
        #expect(info["peerId"]?.text == FakeNode.id)
        #expect(info["listenAddrs"] == ["/ip4/127.0.0.1/tcp/4001"])
        #expect(info["name"] == .null)
        #expect(info["uptimeMs"] == 42)

        let peers = try await client.call("peers.list")
        #expect(peers.elements?.first?["rttMs"] == .number(1.5))
        #expect(peers.elements?.first?["presence"] == "online")

        let address = "/ip4/192.0.2.1/tcp/1/p2p/\(FakeNode.friend)"
        let connected = try await client.call("peers.connect", ["addr": .string(address)])
        #expect(connected == ["peerId": .string(FakeNode.friend), "ms": .number(12.345), "path": "direct"])

        let friend = JSONValue.string(FakeNode.friend)
        let pings = try await client.call("peers.ping", ["peerId": friend, "count": 2])
        #expect(pings == ["rttMs": [.number(0.25), .number(0.25)]])
        #expect(try await client.call("peers.disconnect", ["peerId": friend]) == .null)
      }
      let asked = await served.node.asked
      #expect(asked.map { $0.split(separator: " ").first } == ["connect", "ping", "disconnect"])
    }
  }

  @Test func parametersMayComeInOrder() async throws {
    try await withServer { served in
      try await served.conversation { client in
        let pings = try await client.call("peers.ping", [.string(FakeNode.friend), 3])
        #expect(pings["rttMs"]?.elements?.count == 3)
      }
    }
  }

  @Test(
    "The id comes back as it was sent",
    arguments: ["1", "-3", "\"x\"", "\"\"", "null", "1.5", "9007199254740993"])
  func ids(id: String) async throws {
    try await withServer { served in
      try await served.conversation { client in
        let answer = try await client.ask(#"{"jsonrpc":"2.0","id":\#(id),"method":"peers.list"}"#)
        #expect(answer?["id"]?.description == id)
        #expect(answer?["result"] != nil)
      }
    }
  }

  @Test(
    "What is wrong is said, and the connection lives on",
    arguments: [
      ("nonsense", -32700, "column 2"),
      (#"{"jsonrpc":"2.0","id":1"#, -32700, "column 24"),
      ("\u{1}", -32700, "byte 1"),
      ("7", -32600, "not a number"),
      ("[]", -32600, "empty batch"),
      (#"{"id":1,"method":"node.info"}"#, -32600, "\"jsonrpc\" must be"),
      (#"{"jsonrpc":"2.0","id":1}"#, -32600, "\"method\""),
      (#"{"jsonrpc":"2.0","id":[1],"method":"node.info"}"#, -32600, "\"id\""),
      (#"{"jsonrpc":"2.0","id":1,"method":"node.info","params":7}"#, -32600, "\"params\""),
      (#"{"jsonrpc":"2.0","id":1,"method":"node.inof"}"#, -32601, "did you mean \"node.info\""),
      (#"{"jsonrpc":"2.0","id":1,"method":"zzz"}"#, -32601, "there are node.info"),
      (#"{"jsonrpc":"2.0","id":1,"method":"node.info","params":{"x":1}}"#, -32602, "no parameters"),
      (#"{"jsonrpc":"2.0","id":1,"method":"peers.connect"}"#, -32602, "needs \"addr\""),
      (#"{"jsonrpc":"2.0","id":1,"method":"peers.connect","params":{"adr":"x"}}"#, -32602, "mean \"addr\""),
      (#"{"jsonrpc":"2.0","id":1,"method":"peers.connect","params":{"addr":7}}"#, -32602, "must be a string"),
      (
        #"{"jsonrpc":"2.0","id":1,"method":"peers.connect","params":["/ip4/1.2.3.4/tcp/99999"]}"#, -32602,
        "tcp"
      ),
      (
        #"{"jsonrpc":"2.0","id":1,"method":"peers.connect","params":["/ip4/1.2.3.4/tcp/1"]}"#, -32000,
        "nobody"
      ),
      (#"{"jsonrpc":"2.0","id":1,"method":"peers.connect","params":["a","b"]}"#, -32602, "not 2 parameters"),
      (#"{"jsonrpc":"2.0","id":1,"method":"peers.ping","params":{"peerId":"Qx"}}"#, -32602, "not a PeerID"),
      (#"{"jsonrpc":"2.0","id":1,"method":"events.subscribe","params":{"after":9}}"#, -32602, "restarted"),
    ])
  func mistakes(line: String, code: Int64, hint: String) async throws {
    try await withServer { served in
      try await served.conversation { client in
        let answer = try await client.ask(line)
        #expect(answer?.errorCode == code)
        #expect(answer?.errorMessage.contains(hint) == true, "\(answer?.errorMessage ?? "")")
        #expect(try await client.call("node.info")["peerId"]?.text == FakeNode.id)
      }
    }
  }

  @Test(arguments: ["0", "1001", "-1", "1.5", "\"3\""])
  func countsOutOfRangeAreRefused(count: String) async throws {
    try await withServer { served in
      try await served.conversation { client in
        let params = #"{"peerId":"\#(FakeNode.friend)","count":\#(count)}"#
        let answer = try await client.ask(
          #"{"jsonrpc":"2.0","id":1,"method":"peers.ping","params":\#(params)}"#)
        #expect(answer?.errorCode == -32602)
        #expect(answer?.errorMessage.contains("1 to 1000") == true)
      }
    }
  }

  @Test func chatNamesItsConversationByRoomOrPeerAndIsGlobalOtherwise() async throws {
    try await withServer { served in
      try await served.conversation { client in
        let friend = JSONValue.string(FakeNode.friend)
        let sent = try await client.call("chat.send", ["text": "hi"])
        #expect(sent == ["id": "00ff", "state": "queued"])
        _ = try await client.call("chat.send", ["text": "hi", "room": "garden"])
        _ = try await client.call("chat.send", ["text": "hi", "to": friend])
        let history = try await client.call("chat.history", ["peer": friend, "limit": 3])
        #expect(
          history == [
            [
              "id": "00ff", "room": .null, "peer": friend, "from": friend, "text": "old", "sentMs": .null,
              "receivedMs": 1000, "state": "failed", "reason": "nobody was there",
            ]
          ])
        _ = try await client.call("chat.join", ["room": "garden"])
        _ = try await client.call("chat.leave", ["room": "garden"])
        #expect(try await client.call("chat.list") == [["room": "global", "unread": 2, "last": .null]])
      }
      let asked = await served.node.asked
      #expect(asked.prefix(2) == ["send hi to room(\"global\")", "send hi to room(\"garden\")"])
      #expect(
        asked.dropFirst(3) == [
          "history of peer(\(FakeNode.friend)), 3 before now", "join garden", "leave garden",
        ])
    }
  }

  @Test(arguments: [
    #""chat.send","params":{}"#, #""chat.send","params":{"text":5}"#,
    #""chat.send","params":{"text":"a","room":"b","to":"\#(FakeNode.friend)"}"#,
    #""chat.send","params":{"text":"a","to":"nobody"}"#, #""chat.history","params":{"limit":0}"#,
    #""chat.history","params":{"limit":1001}"#, #""chat.join""#, #""chat.search""#,
  ])
  func chatWithoutSenseIsRefused(call: String) async throws {
    try await withServer { served in
      try await served.conversation { client in
        let answer = try await client.ask(#"{"jsonrpc":"2.0","id":1,"method":\#(call)}"#)
        #expect(answer?.errorCode == -32602)
      }
      #expect(await served.node.asked.isEmpty)
    }
  }

  @Test func blankLinesAndLineEndsOfOthersAreFine() async throws {
    try await withServer { served in
      try await served.conversation { client in
        try await client.say("")
        try await client.say("  \r")
        #expect(
          try await client.ask("{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"peers.list\"}\r")?["id"] == 1)
      }
    }
  }

  @Test func aNotificationIsDoneAndNotAnswered() async throws {
    try await withServer { served in
      try await served.conversation { client in
        let peer = #"["\#(FakeNode.friend)"]"#
        try await client.say(#"{"jsonrpc":"2.0","method":"peers.disconnect","params":\#(peer)}"#)
        try await client.say(#"{"jsonrpc":"2.0","method":"no.such"}"#)
        #expect(try await client.ask(#"{"jsonrpc":"2.0","id":5,"method":"node.info"}"#)?["id"] == 5)
      }
      while await served.node.asked.isEmpty { await Task.yield() }
      #expect(await served.node.asked == ["disconnect \(FakeNode.friend)"])
    }
  }

  @Test func aBatchIsAnsweredAsOne() async throws {
    try await withServer { served in
      try await served.conversation { client in
        let answers = try await client.ask(
          #"[{"jsonrpc":"2.0","id":1,"method":"node.info"},{"jsonrpc":"2.0","method":"peers.list"},7,"#
            + #"{"jsonrpc":"2.0","id":2,"method":"x"}]"#)
        #expect(answers?.elements?.map { $0["id"] } == [1, .null, 2])
        #expect(answers?.elements?.map { $0.errorCode } == [nil, -32600, -32601])

        try await client.say(#"[{"jsonrpc":"2.0","method":"peers.list"}]"#)
        let many = Array(repeating: "{}", count: RPCMessage.batchMax + 1).joined(separator: ",")
        #expect(try await client.ask("[\(many)]")?.errorCode == -32600)
      }
    }
  }

  @Test func aLineTooLongIsSkipped() async throws {
    try await withServer { served in
      try await served.conversation { client in
        try await client.say(String(repeating: "x", count: (1 << 20) + 1))
        #expect(try await client.nextLine()?.errorMessage.contains("1048576 bytes") == true)
        #expect(try await client.call("node.info")["peerId"]?.text == FakeNode.id)
      }
    }
  }

  @Test func aSlowCallHoldsNoOtherUp() async throws {
    try await withServer { served in
      try await served.conversation { client in
        let slow = "/ip4/192.0.2.99/tcp/1/p2p/\(FakeNode.friend)"
        try await client.say(#"{"jsonrpc":"2.0","id":"slow","method":"peers.connect","params":["\#(slow)"]}"#)
        #expect(
          try await client.ask(#"{"jsonrpc":"2.0","id":"quick","method":"node.info"}"#)?["id"] == "quick")
        while !(await served.node.openGate()) { await Task.yield() }
        #expect(try await client.nextLine()?["id"] == "slow")
      }
    }
  }

  @Test func callsBeyondTheLimitWaitAndAreAnswered() async throws {
    var limits = ControlServer.Limits()
    limits.callsPerClient = 2
    try await withServer(limits: limits) { served in
      try await served.conversation { client in
        let count = 200
        for id in 0..<count { try await client.say(#"{"jsonrpc":"2.0","id":\#(id),"method":"node.info"}"#) }
        let ids = try await client.lines(count).compactMap { $0["id"]?.whole }
        #expect(Set(ids) == Set(0..<Int64(count)))
      }
    }
  }

  @Test func whatWasAskedBeforeTheEndIsAnswered() async throws {
    try await withServer { served in
      try await served.conversation { client in
        try await client.send(ByteBuffer(string: #"{"jsonrpc":"2.0","id":1,"method":"node.info"}"#))
        client.finish()
        #expect(try await client.nextLine()?["id"] == 1)
        #expect(try await client.nextLine() == nil)
      }
    }
  }

  @Test func shutdownIsAnsweredThenAskedFor() async throws {
    try await withServer { served in
      try await served.conversation { client in
        let answer = try await client.call("node.shutdown")
        #expect(answer == .null)
      }
      #expect(await served.shutdowns.first() == "a client asked for it")
    }
  }
}
