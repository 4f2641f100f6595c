import Testing

@testable import Meshwork

@Suite struct EventTests {
  @Test func fromTheBeginningToTheEnd() async throws {
    let pair = try await Pair.connected()
    _ = try await within { try await pair.ann.identify(pair.bob.peerID) }
    let listening = await pair.ann.info().listenAddresses
    await pair.shutdown()
    // Shut down, the node still has its past.
    let events = try await within {
      var events: [Event] = []
      for await event in await pair.ann.events(after: 0) { events.append(event) }
      return events
    }
    #expect(events.map(\.sequence) == Array(1...UInt64(events.count)))
    #expect(events.map(\.type).prefix(3) == ["listening", "ready", "connection.opened"])
    #expect(events.map(\.type).contains("identified"))
    #expect(events.last?.type == "connection.closed")
    #expect(events[1].payload == .ready(peerID: pair.ann.peerID, listenAddresses: listening))
    #expect(events.allSatisfy { $0.timeMs > 1_700_000_000_000 })
  }

  @Test func fromNowOn() async throws {
    let node = try await makeNode()
    let events = await node.events()
    await node.recordWarnings(2)
    let first = try await within { await events.first { _ in true } }
    #expect(first?.payload == .warning(text: "test", detail: "0"))
    await node.shutdown()
  }

  @Test func aSlowReaderIsToldWhatItMissed() async throws {
    let node = try await makeNode()
    var iterator = await node.events().makeAsyncIterator()
    await node.recordWarnings(1)
    #expect(await iterator.next()?.type == "warning")
    await node.recordWarnings(EventLog.limit + 10)
    #expect(await iterator.next()?.payload == .gap(missed: 10))
    #expect(await iterator.next()?.payload == .warning(text: "test", detail: "10"))
    await node.shutdown()
  }

  @Test func manyReadersEachAtTheirPace() async throws {
    let node = try await makeNode()
    let total = try await within {
      await withTaskGroup(of: Int.self) { group in
        for _ in 0..<50 {
          let events = await node.events()
          group.addTask {
            var count = 0
            for await event in events where event.type == "warning" {
              count += 1
              if count == 100 { break }
            }
            return count
          }
        }
        for _ in 0..<100 { await node.recordWarnings(1) }
        return await group.reduce(0, +)
      }
    }
    #expect(total == 5000)
    await node.shutdown()
  }

  @Test func aCancelledReaderEnds() async throws {
    let node = try await makeNode()
    let reading = Task {
      var count = 0
      for await _ in await node.events() { count += 1 }
      return count
    }
    reading.cancel()
    #expect(try await within { await reading.value } == 0)
    await node.shutdown()
  }

  @Test func aRelayThatCouldBeAnybodyIsNotUsed() async throws {
    let node = try await makeNode { $0.relays = $0.listen }
    let first = try await within { await node.events(after: 0).first { $0.type == "warning" } }
    #expect(first != nil)
    await node.shutdown()
  }
}
