import NIOCore
import Node
import Testing
import Wire

@testable import Runtime

@Suite struct TextLookupTests {
  typealias Message = DNSMessageTests

  // MARK: Vocabulary

  /// The answer to a question, under its id: `0x0000` stands where the id goes.
  static func reply(_ question: [UInt8], _ body: [UInt8]) -> [UInt8] {
    Array(question[..<2]) + body.dropFirst(2)
  }

  static func texts(_ texts: String...) -> [UInt8] {
    Message.header(answers: texts.count) + Message.question()
      + texts.flatMap { Message.text(Message.asked, $0) }
  }

  static let truncated = Message.header(flags: 0x8380, answers: 0) + Message.question()

  /// Asks servers on `127.0.0.1` and, if there are more, on `127.0.0.2` and so on, all at one port.
  static func ask(
    _ port: Int, servers: Int = 1, attemptTimeout: Duration = .seconds(5)
  ) async throws -> ResolutionAnswer {
    let directory = TemporaryDirectory()
    let lines = (1...servers).map { "nameserver 127.0.0.\($0)\n" }.reversed().joined()
    var configuration = Resolver.Configuration()
    configuration.resolvConfPath = directory.write("# test\n" + lines, to: "resolv.conf")
    configuration.port = port
    configuration.attemptTimeout = attemptTimeout
    configuration.attempts = 1
    let settled = configuration
    return try await within {
      try await testLoop.flatSubmit {
        Resolver(loop: testLoop, configuration: settled).resolve(.text(Message.name))
      }.get()
    }
  }

  // MARK: Tests

  @Test func oneDatagram() async throws {
    let server = try await NameServer.start { [Self.reply($0, Self.texts("dnsaddr=/dns/a/tcp/1", "b"))] }
    #expect(try await Self.ask(server.port).texts == ["dnsaddr=/dns/a/tcp/1", "b"])
    try await server.stop()
  }

  @Test func longAnswersComeOverTCP() async throws {
    let long = String(repeating: "x", count: 250)
    let server = try await NameServer.start(
      datagrams: { [Self.reply($0, Self.truncated)] },
      stream: { [Self.reply($0, Self.texts(long, long, long))] })
    #expect(try await Self.ask(server.port).texts == [long, long, long])
    try await server.stop()
  }

  @Test func forgedAnswersAreLetPass() async throws {
    let server = try await NameServer.start { question in
      var forged = Self.reply(question, Self.texts("forged"))
      forged[0] ^= 0xFF
      return [forged, Self.reply(question, Self.texts("true"))]
    }
    #expect(try await Self.ask(server.port).texts == ["true"])
    try await server.stop()
  }

  @Test func silentServersArePassedOver() async throws {
    // Nobody is at 127.0.0.2.
    let server = try await NameServer.start { [Self.reply($0, Self.texts("second"))] }
    #expect(try await Self.ask(server.port, servers: 2).texts == ["second"])
    try await server.stop()
  }

  @Test func failuresInWords() async throws {
    let cases: [(flags: Int, reason: String)] = [
      (0x8183, "no such name"), (0x8182, "the name server failed with code 2"),
    ]
    for (flags, reason) in cases {
      let server = try await NameServer.start {
        [Self.reply($0, Message.header(flags: flags, answers: 0) + Message.question())]
      }
      #expect(try await Self.ask(server.port).reason == reason)
      try await server.stop()
    }
    let silent = try await NameServer.start { _ in [] }
    let reason = try await Self.ask(silent.port, attemptTimeout: .milliseconds(50)).reason
    #expect(reason == "the name servers do not answer")
    try await silent.stop()
  }

  @Test func malformedAnswers() async throws {
    let server = try await NameServer.start { [Self.reply($0, Array(Self.texts("cut").dropLast()))] }
    #expect(try await Self.ask(server.port).reason == "the name server's answer is malformed")
    try await server.stop()
  }

  @Test func theWholeAnswerHasADeadline() async throws {
    let silent = try await NameServer.start { _ in [] }
    var configuration = Resolver.Configuration()
    configuration.timeout = .milliseconds(20)
    configuration.resolvConfPath = "/nonexistent"
    configuration.port = silent.port
    let settled = configuration
    let answer = try await within {
      try await testLoop.flatSubmit {
        Resolver(loop: testLoop, configuration: settled).resolve(.text("a.b"))
      }.get()
    }
    #expect(answer.reason == "timed out")
    try await silent.stop()
  }

  @Test func hostsAsTheSystemKnowsThem() {
    #expect(HostLookup.run("127.0.0.1", .any).addresses == ["/ip4/127.0.0.1"])
    #expect(HostLookup.run("::1", .ip6).addresses == ["/ip6/::1"])
    #expect(HostLookup.run("localhost", .ip4).addresses == ["/ip4/127.0.0.1"])
    #expect(HostLookup.run("::1", .ip4).reason != nil)
  }

  @Test func nameServersOfTheSystem() throws {
    let text = """
      # comment
      search example.org
      nameserver 192.0.2.1
      nameserver\t2001:db8::1  # second
      nameserver not-an-address
      options timeout:1
      nameserver 192.0.2.3
      nameserver 192.0.2.4
      """
    let servers = ResolvConf.parse(text, port: 53)
    #expect(servers.map(\.ipAddress) == ["192.0.2.1", "2001:db8::1", "192.0.2.3"])
    #expect(ResolvConf.servers(in: "/nonexistent", port: 53).map(\.ipAddress) == ["127.0.0.1"])
  }
}

extension ResolutionAnswer {
  var texts: [String]? {
    if case .texts(let texts) = self { texts } else { nil }
  }
  var addresses: [String]? {
    if case .addresses(let addresses) = self { addresses.map(\.description) } else { nil }
  }
  var reason: String? {
    if case .failed(let reason) = self { reason } else { nil }
  }
}
