import Terminal
import Testing

@Suite struct CommandTests {
  @Test func `lines`() {
    #expect(Command(line: "hello") == .say("hello"))
    #expect(Command(line: "//etc is a path") == .say("/etc is a path"))
    #expect(Command(line: " /help") == .say(" /help"))
    #expect(Command(line: "/help") == .help)
    #expect(Command(line: "/HELP  me") == .help)
    #expect(Command(line: "/msg abc  how are  you ") == .message("abc", text: "how are  you"))
    #expect(Command(line: "/msg abc") == .message("abc", text: nil))
    #expect(Command(line: "/msg #garden hi") == .message("#garden", text: "hi"))
    #expect(Command(line: "/join garden") == .join("garden"))
    #expect(Command(line: "/leave") == .leave(nil))
    #expect(Command(line: "/leave garden") == .leave("garden"))
    #expect(Command(line: "/names") == .names)
    #expect(Command(line: "/who") == .names)
    #expect(Command(line: "/search two words") == .search("two words"))
    #expect(Command(line: "/connect /ip4/127.0.0.1/tcp/1") == .connect("/ip4/127.0.0.1/tcp/1"))
    #expect(Command(line: "/quit") == .quit)
  }

  @Test(arguments: ["/", "/nonsense", "/msg", "/join", "/search ", "/connect", "/\u{1B}[2J", "/ help"])
  func `mistakes are explained`(line: String) {
    guard case .mistake(let text) = Command(line: line) else {
      Issue.record("\(Command(line: line))")
      return
    }
    #expect(!text.unicodeScalars.contains("\u{1B}"))
  }
}

@Suite struct CompletionTests {
  private func completed(_ text: String, _ keys: Key...) -> String {
    var desk = Desk()
    desk.hear(
      .rooms(["garden", "garage"]), .peers([Peer(peer(1), isOnline: true), Peer(peer(2), isOnline: true)]))
    desk.type(text)
    for key in keys { desk.press(key) }
    return desk.line
  }

  private var ones: String { peer(1).shortID }

  @Test func `commands`() {
    #expect(completed("/he", .tab) == "/help ")
    #expect(completed("/re", .tab) == "/refresh ")
    #expect(completed("/r", .tab) == "/refresh ")
    #expect(completed("/r", .tab, .tab) == "/rooms ")
    #expect(completed("/r", .tab, .tab, .tab) == "/refresh ")
    #expect(completed("/r", .tab, .tab, .backTab) == "/refresh ")
    #expect(completed("/xyz", .tab) == "/xyz")
  }

  @Test func `peers and rooms`() {
    let start = String(ones.prefix(4))
    #expect(completed("/msg \(start)", .tab) == "/msg \(ones) ")
    #expect(completed("/msg #gard", .tab) == "/msg #garden ")
    #expect(completed("/join gara", .tab) == "/join garage")
    #expect(completed(start, .tab) == "\(ones): ")
    #expect(completed("ask \(start.lowercased())", .tab) == "ask \(ones)")
    #expect(completed("", .tab) == "")
  }

  @Test func `in the middle of a line`() {
    #expect(completed("/he x", .left, .left, .tab) == "/help  x")
  }
}
