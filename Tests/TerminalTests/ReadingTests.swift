// What is new, what was before, and where one is.

import Meshwork
import Terminal
import Testing

private let garden = Conversation.room("garden")

@Suite struct UnreadTests {
  /// In global, with a room beside it whose history is here.
  private var desk: Desk {
    var desk = Desk()
    desk.hear(.rooms(["garden"]))
    return desk
  }

  @Test func `what is seen is read`() {
    var desk = desk
    desk.hear(.messageReceived(message("hi")))
    #expect(desk.actions() == [.markRead(message("hi"))])
    #expect(!desk.log.contains { $0.contains(" new ") })
  }

  @Test func `what comes elsewhere is counted, and read when one goes there`() {
    var desk = desk
    for number in 1...3 { desk.hear(.messageReceived(message("\(number)", in: garden, at: Int64(number)))) }
    #expect(desk.actions() == [])
    #expect(desk.list == [" #global", " #garden        3"])
    #expect(desk.status.hasSuffix("· #garden 3"))
    desk.press(.alt("a"))
    #expect(desk.actions() == [.loadHistory(garden, before: nil)])
    let page = [message("0", in: garden)] + (1...3).map { message("\($0)", in: garden, at: Int64($0)) }
    desk.hear(.history(garden, page, before: nil, hasOlder: false))
    #expect(desk.actions() == [.markRead(page[3])])
    let log = desk.log.suffix(5)
    #expect(log.first?.hasSuffix(" 0") ?? false)
    #expect(log.dropFirst().first?.contains("─ new ─") ?? false)
    #expect(desk.status.hasSuffix("relayed"))
    // The line stays while one is here, and is gone when one comes back.
    desk.hear(.messageReceived(message("4", in: garden, at: 4)))
    #expect(desk.log.suffix(5).first?.contains("─ new ─") ?? false)
    desk.press(.control("p"), .control("n"))
    #expect(!desk.log.contains { $0.contains(" new ") })
  }

  @Test func `what was unread when the node stopped`() {
    var desk = Desk(history: nil)
    _ = desk.actions()
    let page = (1...4).map { message("\($0)", at: Int64($0)) }
    desk.hear(
      .conversations([ConversationInfo(conversation: .global, unread: 2, lastMessage: page[3])]),
      .messageReceived(page[3]))
    #expect(desk.actions() == [])
    desk.hear(.history(.global, page, before: nil, hasOlder: false))
    #expect(desk.actions() == [.markRead(page[3])])
    let rows = desk.log.suffix(4)
    #expect(rows.dropFirst().first?.contains("─ new ─") ?? false)
    #expect(rows.last?.hasSuffix(" 4") ?? false)
  }

  @Test func `writing takes the line away`() {
    var desk = Desk(history: nil)
    desk.hear(
      .conversations([ConversationInfo(conversation: .global, unread: 1, lastMessage: message("1"))]),
      .history(.global, [message("0"), message("1")], before: nil, hasOlder: false))
    #expect(desk.log.contains { $0.contains(" new ") })
    desk.say("I see")
    #expect(!desk.log.contains { $0.contains(" new ") })
  }

  @Test func `own messages are not news`() {
    var desk = desk
    desk.hear(.sent(message("mine", from: 0, in: garden)))
    #expect(desk.list == [" #global", " #garden"])
  }

  @Test func `the same message twice is one`() {
    var desk = desk
    desk.hear(.messageReceived(message("a")), .messageReceived(message("a")))
    #expect(desk.log.count { $0.hasSuffix(" a") } == 1)
    // The same identifier of another author is another message.
    desk.hear(.messageReceived(message("a", from: 2)))
    #expect(desk.log.count { $0.hasSuffix(" a") } == 2)
  }
}

@Suite struct MovingTests {
  private var desk: Desk {
    var desk = Desk()
    desk.hear(.rooms(["garden", "kitchen"]), .messageReceived(message("psst", in: direct(1))))
    return desk
  }

  @Test func `around the list`() {
    var desk = desk
    let names = ["#garden", "#kitchen", peer(1).shortID, "#global"]
    for name in names {
      desk.press(.control("n"))
      #expect(desk.input == "\(name)>")
    }
    for name in names.dropLast().reversed() {
      desk.press(.altUp)
      #expect(desk.input == "\(name)>")
    }
    desk.press(.altDown)
    #expect(desk.input == "#kitchen>")
    desk.press(.alt("4"))
    #expect(desk.input == "\(peer(1).shortID)>")
    desk.press(.alt("9"), .alt("0"))
    #expect(desk.input == "\(peer(1).shortID)>")
  }

  @Test func `to what is new`() {
    var desk = desk
    desk.press(.alt("a"))
    #expect(desk.input == "\(peer(1).shortID)>")
  }

  @Test func `a direct conversation can be put away`() {
    var desk = desk
    desk.press(.alt("4"))
    desk.say("/leave")
    #expect(desk.input == "#global>")
    #expect(desk.list == [" #global", " #garden", " #kitchen"])
  }

  @Test func `strangers cannot fill the list`() {
    var desk = Desk()
    desk.press(.alt("1"))
    for number in UInt8(1)...250 {
      desk.hear(.messageReceived(message("buy", from: number, in: direct(number), at: Int64(number))))
    }
    // Unread ones are not thrown out for others.
    #expect(desk.status.contains("\(peer(1).shortID) 1"))
    #expect(desk.list.count <= 21)
  }
}

@Suite struct ScrollTests {
  private let messages = (0..<300).map { message("m\($0)", at: Int64($0)) }

  private var desk: Desk {
    var desk = Desk(history: nil)
    desk.hear(.history(.global, Array(messages[200...]), before: nil, hasOlder: true))
    _ = desk.actions()
    return desk
  }

  @Test func `back and down again`() {
    var desk = desk
    #expect(desk.log.last?.hasSuffix("m299") ?? false)
    desk.press(.pageUp)
    #expect(desk.log.last?.hasSuffix("m279") ?? false)
    #expect(desk.status.contains("20 rows below"))
    desk.press(.pageDown)
    #expect(desk.log.last?.hasSuffix("m299") ?? false)
    desk.press(.pageDown)
    #expect(desk.log.last?.hasSuffix("m299") ?? false)
  }

  @Test func `older pages are fetched once`() {
    var desk = desk
    for _ in 0..<10 { desk.press(.pageUp) }
    #expect(desk.log.contains { $0.hasSuffix("m200") })
    #expect(desk.actions() == [.loadHistory(.global, before: messages[200])])
    let row = desk.log.last
    desk.hear(.history(.global, Array(messages[100..<200]), before: messages[200], hasOlder: true))
    // What is read stays where it is.
    #expect(desk.log.last == row)
    desk.press(.pageUp)
    #expect(desk.log.contains { $0.hasSuffix("m190") })
    for _ in 0..<10 { desk.press(.pageUp) }
    desk.hear(.history(.global, Array(messages[..<100]), before: messages[100], hasOlder: false))
    for _ in 0..<20 { desk.press(.pageUp) }
    #expect(desk.actions() == [.loadHistory(.global, before: messages[100])])
    #expect(desk.log.first?.contains("the beginning") ?? false)
  }

  @Test func `what comes below does not move what is read`() {
    var desk = desk
    desk.press(.pageUp)
    let before = desk.log
    desk.hear(.messageReceived(message("news of several rows\n\n\n", at: 400)), .peerOnline(peer(7)))
    #expect(desk.log == before)
    #expect(desk.actions() == [])
    desk.press(.pageDown, .pageDown)
    #expect(desk.actions() == [.markRead(message("news of several rows\n\n\n", at: 400))])
    #expect(desk.log.contains { $0.contains(" new ") })
  }

  @Test func `writing goes to the end`() {
    var desk = desk
    desk.press(.pageUp)
    desk.say("here")
    #expect(desk.log.last?.hasSuffix("m299") ?? false)
  }

  @Test func `a long day does not fill the memory`() {
    var desk = desk
    for number in 0..<3000 { desk.hear(.messageReceived(message("n\(number)", at: Int64(400 + number)))) }
    #expect(desk.log.last?.hasSuffix("n2999") ?? false)
    _ = desk.actions()
    for _ in 0..<100 { desk.press(.pageUp) }
    // The oldest that is still here is where the next page begins.
    guard case .loadHistory(.global, before: let before?)? = desk.actions().first else {
      Issue.record("no older page")
      return
    }
    #expect((1900...2000).contains(Int(before.text.dropFirst()) ?? 0))
  }
}

@Suite struct PresenceTests {
  @Test func `comings and goings are said once`() {
    var desk = Desk()
    desk.hear(.peerOnline(peer(1)))
    #expect(desk.log.last == "-- \(peer(1).shortID) is online")
    desk.hear(.peerOnline(peer(2)))
    #expect(desk.log.last == "-- \(peer(1).shortID) and \(peer(2).shortID) are online")
    for number in UInt8(3)...20 { desk.hear(.peerOnline(peer(number))) }
    #expect(desk.log.last?.hasSuffix("and 17 more are online") ?? false)
    #expect(desk.log.count == 2)
    desk.hear(.peerOffline(peer(1), .reaped, silentSeconds: 47))
    #expect(desk.log.last == "-- \(peer(1).shortID) is offline: silent for 47 s (reaped)")
    desk.hear(.peerOffline(peer(2), .left, silentSeconds: 1))
    #expect(desk.log.last == "-- \(peer(2).shortID) is offline: left")
  }

  @Test func `those one talks with are said there too`() {
    var desk = Desk()
    desk.say("/msg \(peer(1))")
    desk.hear(.peerOffline(peer(1), .reaped, silentSeconds: 50), .peerOnline(peer(2)))
    #expect(desk.log.last == "-- \(peer(1).shortID) is offline: silent for 50 s (reaped)")
  }

  @Test func `what is missing, what was missed, what is wrong`() {
    var desk = Desk()
    desk.hear(.messagesMissing(room: "global", author: peer(1), count: 3))
    #expect(desk.log.last == "-- 3 messages of \(peer(1).shortID) are missing here")
    desk.hear(.warning("the disk is full: history is kept in memory"))
    #expect(desk.log.last == "-- the disk is full: history is kept in memory")
    desk.hear(.missed(12))
    #expect(desk.actions() == [.loadHistory(.global, before: nil)])
  }

  @Test func `late messages say when they were written`() {
    var desk = Desk()
    desk.hear(
      .messageReceived(message("slow", at: 1500, sentMs: 60_000)),
      .messageReceived(message("odd", at: 1501, sentMs: .min)),
      .messageReceived(message("fine", at: 1502, sentMs: 1501 * 60_000)))
    #expect(
      desk.log.suffix(3).map { $0.dropFirst(15) } == [
        "slow (sent day 0 00:01)", "odd (sent at an impossible time)", "fine",
      ])
  }
}
