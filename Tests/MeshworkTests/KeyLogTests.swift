import Testing

@testable import Meshwork

@Suite struct KeyLogTests {
  static func lines(_ directory: TemporaryDirectory, _ name: String) -> [[Substring]] {
    String(decoding: directory.read(name), as: UTF8.self).split(separator: "\n").map {
      $0.split(separator: " ")
    }
  }

  @Test func bothEndsWriteTheSameKeysForTheirOwnerAlone() async throws {
    let directory = TemporaryDirectory()
    let ann = try await makeNode { $0.keyLog = directory.file("ann.keys") }
    let bob = try await makeNode { $0.keyLog = directory.file("bob.keys") }
    let address = try await bob.address
    _ = try await within { try await ann.connect(to: address) }
    // Both ends answer on the connection: their keys are written.
    _ = try await within { try await ann.ping(bob.peerID) }
    let written = Self.lines(directory, "ann.keys")
    #expect(written == Self.lines(directory, "bob.keys"))
    #expect(written.map(\.first) == ["NOISE_XX_HANDSHAKE", "NOISE_XX_TRANSPORT"])
    #expect(written.map(\.count) == [5, 4])
    #expect(Set(written.map { $0[1] }).count == 1)
    #expect(written.joined().filter { !$0.hasPrefix("NOISE") }.allSatisfy { $0.count == 64 })
    #expect(directory.mode(of: "ann.keys") == 0o600)
    let warnings = try await within { await ann.events(after: 0).first { $0.type == "warning" } }
    guard case .warning("session keys are being written", _)? = warnings?.payload else {
      Issue.record("no loud word about the key log: \(String(describing: warnings))")
      return
    }
    await ann.shutdown()
    await bob.shutdown()
  }

  @Test func onlyOnRequest() async throws {
    let pair = try await Pair.connected()
    #expect(await pair.ann.keyLogLines == 0)
    await pair.shutdown()
  }

  @Test func aFileThatCannotBeHadDoesNotStopTheNode() async throws {
    let ann = try await makeNode { $0.keyLog = "/nonexistent/keys" }
    let bob = try await makeNode { $0.keyLog = "/dev/full" }
    let address = try await bob.address
    _ = try await within { try await ann.connect(to: address) }
    _ = try await within { try await ann.ping(bob.peerID) }
    for (node, text) in [
      (ann, "session keys are not being written"), (bob, "session keys are no longer being written"),
    ] {
      let warning = try await within {
        await node.events(after: 0).first {
          if case .warning(text, _) = $0.payload { true } else { false }
        }
      }
      #expect(warning != nil)
      await node.shutdown()
    }
  }
}
