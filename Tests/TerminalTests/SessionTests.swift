// The whole of a chat but the node: pipes in the place of a terminal.

import Glibc
import Identity
import Meshwork
import Synchronization
import Testing

@testable import Terminal

/// Remembers what it was asked, and says what it is told to say.
private final class FakeNode: ChatBackend {
  let peerID = peer(0)
  private let asked = Mutex<[String]>([])
  let events: AsyncStream<News>
  private let happen: AsyncStream<News>.Continuation
  /// Whether what is sent finds somebody.
  let isAlone: Bool

  /// Whether it ends once something was read.
  let isMortal: Bool

  init(isAlone: Bool = false, isMortal: Bool = false) {
    (events, happen) = AsyncStream.makeStream()
    self.isAlone = isAlone
    self.isMortal = isMortal
  }

  var log: [String] { asked.withLock { $0 } }

  func tell(_ news: News) { happen.yield(news) }
  func stop() { happen.finish() }

  private func note(_ text: String) { asked.withLock { $0.append(text) } }

  func follow(_ tell: (News) async -> Void) async {
    for await news in events { await tell(news) }
  }

  func peers() -> [Peer] { [Peer(peer(1), isOnline: true, path: .direct)] }
  func rooms() -> [String] { ["global"] }
  func conversations() -> [ConversationInfo] { [] }
  func history(of conversation: Conversation, limit: Int, before: ChatMessage?) -> [ChatMessage] {
    [message("old", at: 545)]
  }
  func search(_ words: String, limit: Int) -> [ChatMessage] { [message(words)] }
  func send(_ text: String, to conversation: Conversation) throws -> ChatMessage {
    note("send \(text)")
    if text == "refused" { throw Mistake("not today") }
    if !isAlone { happen.yield(.messageState(id: text, .sent)) }
    return message(text, from: 0, in: conversation)
  }
  func join(room: String) -> String { room.lowercased() }
  func leave(room: String) { note("leave \(room)") }
  func markRead(upTo message: ChatMessage) {
    note("read \(message.text)")
    guard isMortal else { return }
    happen.yield(.messageReceived(TerminalTests.message("last words")))
    happen.finish()
  }
  func connect(to address: String) throws -> String { throw Mistake("nobody answers at \(address)") }
  func refresh() { note("refresh") }
  func status() -> [String] { ["fine"] }
}

/// Runs a plain chat until it ends; returns what it wrote.
private func chat(_ node: FakeNode, _ input: String, endsInput: Bool = true) async -> [String] {
  var inward: [CInt] = [0, 0]
  var outward: [CInt] = [0, 0]
  #expect(Glibc.pipe(&inward) == 0 && Glibc.pipe(&outward) == 0)
  let bytes = Array(input.utf8)
  #expect(write(inward[1], bytes, bytes.count) == bytes.count)
  if endsInput { close(inward[1]) }
  let face = PlainFace(input: inward[0], output: outward[1], stamp: stamp)
  await ChatSession(node).run { face.run($0, own: peer(0)) }
  close(outward[1])
  if !endsInput { close(inward[1]) }
  close(inward[0])
  var written: [UInt8] = []
  var buffer = [UInt8](repeating: 0, count: 65_536)
  while case let count = read(outward[0], &buffer, buffer.count), count > 0 { written += buffer[..<count] }
  close(outward[0])
  return String(decoding: written, as: UTF8.self).split(separator: "\n").map(String.init)
}

@Suite(.timeLimit(.minutes(1))) struct SessionTests {
  private let own = peer(0).shortID

  @Test func `lines in, lines out, and an end`() async {
    let node = FakeNode()
    let lines = await chat(node, "hello\n/join Garden\n/search tea\nrefused\n/status\n/connect x\nbye")
    #expect(lines.contains("[09:05] \(peer(1).shortID): old"))
    #expect(lines.contains("[00:00] \(own): hello"))
    #expect(lines.contains("[00:00] \(own): bye"))
    #expect(lines.contains("-- not sent: Mistake(text: \"not today\")"))
    #expect(lines.contains { $0.hasPrefix("-- joined #garden") })
    #expect(lines.contains("-- fine"))
    #expect(node.log.filter { $0.hasPrefix("send") } == ["send hello", "send refused", "send bye"])
  }

  @Test func `an empty input is an end`() async {
    let lines = await chat(FakeNode(), "")
    #expect(lines.last == "[09:05] \(peer(1).shortID): old")
  }

  @Test func `quit ends it, whatever waits`() async {
    let node = FakeNode(isAlone: true)
    _ = await chat(node, "hello\n/quit\n", endsInput: false)
  }

  @Test func `so does the node's end`() async {
    let lines = await chat(FakeNode(isMortal: true), "", endsInput: false)
    #expect(lines.contains("[00:00] \(peer(1).shortID): last words"))
  }

  @Test func `a flood waits for whoever reads`() async {
    let node = FakeNode()
    for number in 0..<3000 { node.tell(.messageReceived(message("\(number)", at: 546))) }
    node.stop()
    let inbox = Inbox()
    async let following: Void = node.follow { await inbox.put($0) }
    var news: [News] = []
    while news.count < 3000 {
      _ = Waiting.wait(input: nil, inbox: inbox, milliseconds: 1000)
      let drained = inbox.drain()
      #expect(drained.count <= Inbox.limit + 1)
      news += drained
    }
    await following
    #expect(news.count == 3000)
  }
}
