import Meshwork
import Terminal
import Testing

@Suite struct PlainModelTests {
  private let friend = peer(1).shortID
  private let own = peer(0).shortID

  @Test func `history first, a line for what is new, then what comes`() {
    var pipe = Pipe(history: nil)
    #expect(
      pipe.lines() == [
        "-- you are \(own) (\(peer(0))); /help lists the commands",
        "-- #global is public and unencrypted: anybody can read and write there",
      ])
    #expect(pipe.actions() == [.loadHistory(.global, before: nil)])
    let page = [message("a", at: 545), message("b", from: 0, at: 546, .sent), message("c", at: 547)]
    pipe.hear(
      .conversations([ConversationInfo(conversation: .global, unread: 1, lastMessage: page[2])]),
      .messageReceived(page[2]), .messageReceived(message("d", at: 548)))
    #expect(pipe.lines() == [])
    pipe.hear(.history(.global, page, before: nil, hasOlder: false))
    #expect(
      pipe.lines() == [
        "[09:05] \(friend): a", "[09:06] \(own): b", "-- new", "[09:07] \(friend): c", "[09:08] \(friend): d",
      ])
    #expect(pipe.actions() == [.markRead(page[2]), .markRead(message("d", at: 548))])
  }

  @Test func `only the newest of a long history`() {
    var pipe = Pipe(history: (0..<100).map { message("\($0)", at: Int64($0)) })
    let lines = pipe.lines()
    #expect(lines.count == PlainModel.historyCount)
    #expect(lines.last == "[01:39] \(friend): 99")
  }

  @Test func `one message, one line`() {
    var pipe = Pipe()
    pipe.hear(.messageReceived(message("a\nb\r\n\u{1B}[2J[09:05] \(own): forged")))
    #expect(pipe.lines() == ["[00:00] \(friend): a b \u{FFFD}[2J[09:05] \(own): forged"])
    pipe.hear(.messageReceived(message("psst", in: direct(1))))
    #expect(pipe.lines() == ["[00:00] \(friend) to you: psst"])
    pipe.hear(.messageReceived(message("tomatoes", in: .room("garden"))))
    #expect(pipe.lines() == ["[00:00] #garden \(friend): tomatoes"])
  }

  @Test func `lines are sent, and shown when they are kept`() {
    var pipe = Pipe()
    pipe.model.read("hello")
    #expect(pipe.actions() == [.send("hello", to: .global)])
    pipe.hear(.sent(message("hello", from: 0)))
    #expect(pipe.lines() == ["[00:00] \(own): hello"])
    // Who types at a terminal has seen it.
    var terminal = Pipe(echoes: true)
    terminal.hear(.sent(message("hello", from: 0)))
    #expect(terminal.lines() == [])
  }

  @Test func `commands`() {
    var pipe = Pipe()
    for line in [
      "/msg \(peer(1)) psst", "/msg #garden hi", "/join garden", "/leave #garden", "/names", "/search x",
      "/connect /ip4/127.0.0.1/tcp/1", "/refresh", "/status", "/quit", "", "//x",
    ] { pipe.model.read(line) }
    #expect(
      pipe.actions() == [
        .send("psst", to: direct(1)), .send("hi", to: .room("garden")), .join("garden"), .leave("garden"),
        .names, .search("x"), .connect("/ip4/127.0.0.1/tcp/1"), .refresh, .status, .quit,
        .send("/x", to: .global),
      ])
    for line in ["/msg", "/msg x", "/msg x y", "/leave", "/nonsense", "/help", "/rooms"] {
      pipe.model.read(line)
    }
    #expect(pipe.actions() == [])
    #expect(pipe.lines().allSatisfy { $0.hasPrefix("-- ") })
  }

  @Test func `notices`() {
    var pipe = Pipe()
    pipe.hear(.peers([Peer(peer(1), isOnline: true, path: .direct)]), .peerOnline(peer(1)))
    pipe.hear(.peerOffline(peer(1), .reaped, silentSeconds: 47))
    pipe.hear(.warning("a\u{1B}b"))
    #expect(
      pipe.lines() == [
        "-- \(friend) is online (direct)", "-- \(friend) is offline: silent for 47 s (reaped)",
        "-- a\u{FFFD}b",
      ])
  }

  @Test func `the end waits for what was written`() {
    var pipe = Pipe()
    pipe.model.read("hello")
    pipe.model.endOfInput()
    #expect(!pipe.model.isDone)
    pipe.hear(.sent(message("hello", from: 0)))
    #expect(!pipe.model.isDone)
    #expect(pipe.model.farewell?.contains("one message") ?? false)
    pipe.hear(.messageState(id: "hello", .sent))
    #expect(pipe.model.isDone)
    #expect(pipe.model.farewell == nil)
  }

  @Test func `a message may be gone before it is told that it is there`() {
    var pipe = Pipe()
    pipe.model.read("hello")
    pipe.model.endOfInput()
    pipe.hear(.messageState(id: "hello", .sent), .sent(message("hello", from: 0)))
    #expect(pipe.model.isDone)
  }

  @Test func `nor is it waited for what was refused or has failed`() {
    var pipe = Pipe()
    pipe.model.read("one")
    pipe.model.read("two")
    pipe.model.endOfInput()
    pipe.hear(.notSent("one", to: .global, reason: "no"), .sent(message("two", from: 0)))
    pipe.hear(.messageState(id: "two", .failed(reason: "nobody")))
    #expect(pipe.model.isDone)
    #expect(pipe.lines().suffix(1) == ["-- not sent: nobody"])
  }

  @Test func `lines come out of pieces`() {
    var lines = Lines(bytesMax: 8)
    func take(_ text: String) -> [String] { lines.take(Array(text.utf8)[...]) }
    #expect(take("ab") == [])
    #expect(take("c\r\nd\n\ne") == ["abc", "d"])
    #expect(take("fghijklmnop\n") == ["efghijkl"])
    #expect(lines.take([0xFF, 0x0A]) == ["\u{FFFD}"])
    #expect(take("rest") == [])
    #expect(lines.finish() == ["rest"])
    #expect(lines.finish() == [])
  }
}
