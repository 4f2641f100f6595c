import Glibc
import NIOCore
import Testing

@testable import MeshworkControl

@Suite("Events", .timeLimit(.minutes(1)))
struct EventTests {
  @Test func everyClientGetsEveryEventInOrder() async throws {
    try await withServer { served in
      try await served.conversation { first in
        _ = try await first.call("node.info")
        try await served.conversation { second in
          _ = try await second.call("node.info")
          await served.node.emit("warning", count: 3)
          #expect(try await first.lines(3).map(\.eventNumber) == [1, 2, 3])
          let lines = try await second.lines(3)
          #expect(lines.map(\.eventNumber) == [1, 2, 3])
          let params = #"{"seq":1,"timeMs":1000,"type":"warning","text":""}"#
          #expect(lines.first?.description == #"{"jsonrpc":"2.0","method":"event","params":\#(params)}"#)
        }
      }
    }
  }

  @Test func aClientResumesWhereItWas() async throws {
    try await withServer { served in
      try await served.conversation { client in
        _ = try await client.call("node.info")
        await served.node.emit("warning", count: 5)
        #expect(try await client.lines(5).last?.eventNumber == 5)
      }
      try await served.conversation { client in
        let answer = try await client.ask(
          #"{"jsonrpc":"2.0","id":1,"method":"events.subscribe","params":{"after":2}}"#)
        #expect(answer?["result"] == ["newest": 5, "missed": 0])
        await served.node.emit("warning")
        #expect(try await client.lines(4).map(\.eventNumber) == [3, 4, 5, 6])
      }
    }
  }

  @Test func whatIsForgottenIsCounted() async throws {
    var limits = ControlServer.Limits()
    limits.eventsKept = 4
    try await withServer(limits: limits) { served in
      try await served.conversation { client in
        _ = try await client.call("node.info")
        for _ in 0..<10 {
          await served.node.emit("warning")
          _ = try await client.nextLine()
        }
        let answer = try await client.ask(
          #"{"jsonrpc":"2.0","id":1,"method":"events.subscribe","params":{"after":2}}"#)
        #expect(answer?["result"] == ["newest": 10, "missed": 4])
        #expect(try await client.lines(4).map(\.eventNumber) == [7, 8, 9, 10])
      }
    }
  }

  @Test func aClientThatDoesNotReadIsLetGo() async throws {
    var limits = ControlServer.Limits()
    limits.eventsKept = 64
    try await withServer(limits: limits) { served in
      try await served.conversation { slow in
        _ = try await slow.call("node.info")
        try await served.conversation { quick in
          _ = try await quick.call("node.info")
          // Far more than sockets and pipelines hold: 8 MiB, of which the quick one reads all.
          for round in 1...32 {
            await served.node.emit("warning", count: 16, padding: 16 << 10)
            #expect(try await quick.lines(16).last?.eventNumber == Int64(round * 16))
          }
        }
        var received: Int64 = 0
        do {
          while let line = try await slow.nextLine() { received = line.eventNumber ?? received }
        } catch {
          // The rest of its last line never came, or the connection was reset: gone either way.
        }
        #expect(received > 0)
        #expect(received < 512)
      }
    }
  }

  @Test func theLogIsBoundedInCountAndBytes() {
    var log = EventLog(countMax: 3, bytesMax: 1000)
    func append(_ sequence: UInt64, bytes: Int = 0) {
      let text = JSONValue.string(String(repeating: "x", count: bytes))
      log.append(NumberedEvent(sequence: sequence, timeMs: 0, type: "t", fields: [.init("text", text)]))
    }
    #expect(log.next(after: 0) == nil)
    for sequence in 5...7 { append(UInt64(sequence)) }
    #expect(log.events == .init(newest: 7, forgotten: 0))
    #expect(log.next(after: 0)?.sequence == 5)
    #expect(log.next(after: 5)?.sequence == 6)
    #expect(log.next(after: 7) == nil)
    append(8)
    #expect(log.events == .init(newest: 8, forgotten: 5))
    append(9, bytes: 2000)
    #expect(log.events == .init(newest: 9, forgotten: 8))
    #expect(log.next(after: 0)?.sequence == 9)
  }
}
