// A person at a screen: what is there, what keys do, what is asked of the node.

import Meshwork
import Terminal
import Testing

@Suite struct ScreenTests {
  @Test func `eighty by twenty-four`() {
    var desk = Desk(history: [message("good morning", at: 545), message("hi", from: 0, at: 546, .sent)])
    desk.hear(
      .peers([
        Peer(peer(1), isOnline: true, path: .direct), Peer(peer(2), isOnline: true, path: .relayed),
        Peer(peer(3), isOnline: false),
      ]))
    #expect(desk.title.hasPrefix(" #global  public and unencrypted: anybody can read and write here  "))
    #expect(desk.title.hasSuffix("2 online"))
    #expect(desk.log.suffix(2) == ["09:05 \(peer(1).shortID) good morning", "09:06 you      hi >"])
    #expect(desk.status.contains("you are \(peer(0).shortID) · 1 direct, 1 relayed"))
    #expect(desk.input == "#global>")
    let online = [(1, "D"), (2, "R")].map { ($0.1, peer($0.0).shortID) }.sorted { $0.1 < $1.1 }
    #expect(desk.list == [" #global", " online"] + online.map { " \($0.0) \($0.1)" })
    #expect(desk.model.canvas.cursor?.row == 23)
    #expect(desk.model.canvas.cursor?.column == 9)
  }

  @Test func `the history is asked for at the start`() {
    var desk = Desk(history: nil)
    #expect(desk.actions() == [.loadHistory(.global, before: nil)])
    desk.hear(.history(.global, [message("old")], before: nil, hasOlder: false))
    #expect(desk.log.count == 3)
    #expect(desk.log[0].contains("─ the beginning ─"))
    #expect(desk.log[1].contains("─ day 0 ─"))
    #expect(desk.log[2] == "00:00 \(peer(1).shortID) old")
  }

  @Test func `a line between days`() {
    let desk = Desk(history: [message("a", at: 1439), message("b", at: 1440), message("c", at: 1441)])
    #expect(desk.log.count { $0.contains(" day 1 ") } == 1)
    #expect(desk.log.count { $0.contains(" day 0 ") } == 1)
  }

  @Test func `nothing of a stranger is obeyed`() {
    var desk = Desk()
    let evil = "\u{1B}[2J\u{9B}31m\u{202E}evil\u{7}\u{200B}"
    desk.hear(
      .messageReceived(message(evil)), .warning(evil), .failure(evil), .notice(evil),
      .peers([Peer(peer(1), agent: evil, isOnline: true)]), .names,
      .messageReceived(message(evil, in: direct(2))), .rooms([evil]), .found([message(evil)], words: evil),
      .messageState(id: "x", .failed(reason: evil)), .notSent("x", to: .global, reason: evil))
    for row in desk.screen {
      for scalar in row.unicodeScalars {
        #expect(scalar.columns != nil && scalar != "\u{202E}", "\(scalar.value)")
      }
    }
  }

  @Test func `every size is drawn`() {
    var desk = Desk(
      history: (0..<50).map {
        message("text 世界 \($0) " + String(repeating: "w", count: Int($0)), at: Int64($0))
      })
    desk.hear(.messageReceived(message("psst", in: direct(2))), .peers([Peer(peer(1), isOnline: true)]))
    desk.type("some text 世界")
    for columns in [0, 1, 2, 3, 5, 9, 10, 17, 39, 40, 71, 72, 80, 200] {
      for rows in 0...8 {
        desk.model.resize(columns: columns, rows: rows)
        desk.press(.pageUp, .pageDown)
        let canvas = desk.model.canvas
        #expect(canvas.columns == max(1, columns) && canvas.rows == max(1, rows))
        guard let cursor = canvas.cursor else {
          Issue.record("no cursor at \(columns) × \(rows)")
          continue
        }
        #expect((0..<canvas.rows).contains(cursor.row) && (0..<canvas.columns).contains(cursor.column))
      }
    }
  }

  @Test func `letters of two columns keep the list's edge`() {
    let desk = Desk(history: [message("世界 👨‍👩‍👧 🇵🇱 " + String(repeating: "界", count: 80))])
    let canvas = desk.model.canvas
    for row in 1..<22 { #expect(canvas[row, 17].glyph?.text == "│") }
  }

  @Test func `without Unicode`() {
    let desk = Desk(signs: .ascii, history: [message("hi", from: 0, .delivered)])
    #expect(desk.screen.joined().utf8.allSatisfy { $0 < 0x80 })
    #expect(desk.screen.contains { $0.hasSuffix("hi +") })
  }

  @Test func `everybody has a colour, and you another`() {
    let desk = Desk(history: [message("a", from: 1), message("b", from: 0)])
    #expect(desk.style(of: "\(peer(1).shortID) a") == peer(1).style)
    #expect(desk.style(of: "you") == .own)
  }
}

@Suite struct WritingTests {
  @Test func `a message goes, and comes further`() {
    var desk = Desk()
    desk.say("hello")
    #expect(desk.actions() == [.send("hello", to: .global)])
    #expect(desk.input == "#global>")
    desk.hear(.sent(message("hello", from: 0)))
    #expect(desk.log.last == "00:00 you      hello ·")
    desk.hear(.messageState(id: "hello", .sent))
    #expect(desk.log.last == "00:00 you      hello >")
    desk.hear(.messageState(id: "hello", .delivered))
    #expect(desk.log.last == "00:00 you      hello ✓")
    desk.hear(.messageState(id: "hello", .sent))
    #expect(desk.log.last == "00:00 you      hello ✓")
  }

  @Test func `a state may come before its message`() {
    var desk = Desk()
    desk.say("hello")
    _ = desk.actions()
    desk.hear(.messageState(id: "hello", .sent), .sent(message("hello", from: 0)))
    #expect(desk.log.last == "00:00 you      hello >")
    #expect(desk.actions() == [])
  }

  @Test func `a message that another program sent is fetched`() {
    var desk = Desk()
    desk.hear(.messageState(id: "x", .sent))
    #expect(desk.actions() == [.loadHistory(.global, before: nil)])
    desk.hear(.history(.global, [message("x", from: 0, .sent)], before: nil, hasOlder: false))
    #expect(desk.log.last == "00:00 you      x >")
  }

  @Test func `a failed one says why`() {
    var desk = Desk()
    desk.hear(.sent(message("hello", from: 0)), .messageState(id: "hello", .failed(reason: "left the room")))
    #expect(desk.log.last == "00:00 you      hello ! not sent: left the room")
  }

  @Test func `one that was refused can be mended`() {
    var desk = Desk()
    desk.say("too much")
    desk.hear(.notSent("too much", to: .global, reason: "it is too long"))
    #expect(desk.log.last == "-- not sent: it is too long")
    #expect(desk.input == "#global> too much")
  }

  @Test func `what is pasted waits for Enter`() {
    var desk = Desk()
    desk.press(.paste("one\ntwo\n"))
    #expect(desk.actions() == [])
    #expect(desk.input == "#global> one↵two↵")
    desk.press(.enter)
    #expect(desk.actions() == [.send("one\ntwo\n", to: .global)])
  }

  @Test func `too much is refused`() {
    var desk = Desk()
    desk.press(.paste(String(repeating: "x", count: 16_384)), .text("y"))
    #expect(desk.log.last == "-- a message can be 16 KiB; that would be more")
    desk.press(.enter)
    #expect(desk.actions() == [.send(String(repeating: "x", count: 16_384), to: .global)])
  }

  @Test func `blank lines are nothing`() {
    var desk = Desk()
    desk.say("   ")
    #expect(desk.actions() == [])
  }

  @Test func `ways to leave`() {
    for key in [Key.control("c"), .control("d")] {
      var desk = Desk()
      desk.press(key)
      #expect(desk.actions() == [.quit])
    }
    var desk = Desk()
    desk.type("ab")
    desk.press(.home, .control("d"))
    #expect(desk.actions() == [])
    #expect(desk.line == "b")
    desk.press(.control("u"))
    desk.press(.end, .backspace)
    desk.say("/quit")
    desk.hear(.leaving)
    #expect(desk.actions() == [.quit, .quit])
  }
}

@Suite struct CommandsOnScreenTests {
  private let friend = peer(1).shortID

  @Test func `a message to one peer`() {
    var desk = Desk()
    desk.hear(.peers([Peer(peer(1), isOnline: true, path: .direct)]))
    desk.say("/msg \(friend) psst")
    #expect(desk.actions() == [.loadHistory(direct(1), before: nil), .send("psst", to: direct(1))])
    #expect(desk.title.hasPrefix(" \(friend)  between the two of you; online, direct  "))
    #expect(desk.input == "\(friend)>")
    desk.say("more")
    #expect(desk.actions() == [.send("more", to: direct(1))])
  }

  @Test func `a peer nobody knows, and one that could be two`() {
    var desk = Desk()
    desk.say("/msg nobody hi")
    #expect(desk.log.last == "-- nobody known here is called nobody; /names lists everybody")
    desk.hear(.peers((1...60).map { Peer(peer($0), isOnline: true) }))
    let last = String(friend.suffix(1))
    desk.say("/msg \(last)")
    #expect(desk.log.joined().contains("-- that could be "))
    desk.say("/msg \(peer(0)) hi")
    #expect(desk.log.last == "-- that is this node itself")
    #expect(desk.actions() == [])
  }

  @Test func `a whole PeerID is enough`() {
    var desk = Desk()
    desk.say("/msg \(peer(9)) hi")
    #expect(desk.actions() == [.loadHistory(direct(9), before: nil), .send("hi", to: direct(9))])
  }

  @Test func `rooms`() {
    var desk = Desk()
    desk.say("/join Garden")
    #expect(desk.actions() == [.join("Garden")])
    desk.hear(.joined("garden"))
    #expect(desk.actions() == [.loadHistory(.room("garden"), before: nil)])
    #expect(desk.title.contains("#garden  a public room, unencrypted"))
    desk.say("/rooms")
    #expect(desk.log.last == "-- rooms: #global #garden")
    desk.say("/leave")
    #expect(desk.actions() == [.leave("garden")])
    desk.hear(.left("garden"))
    #expect(desk.title.contains("#global"))
    #expect(desk.log.last == "-- left #garden")
    desk.say("/leave")
    #expect(desk.log.last == "-- everybody is in #global")
    desk.say("/msg #garden hi")
    #expect(desk.log.last == "-- this node is not in #garden; /join it first")
    #expect(desk.actions() == [])
  }

  @Test func `names`() {
    var desk = Desk()
    desk.nowMs = 100_000
    desk.say("/names")
    #expect(desk.actions() == [.names])
    desk.hear(
      .peers([
        Peer(peer(1), agent: "meshnode/0.1", isOnline: true, path: .direct, lastSeenMs: 95_000),
        Peer(peer(2), agent: "relay/9", path: .direct),
      ]), .names)
    #expect(
      desk.log.suffix(3) == [
        "-- \(friend)  online, direct, seen 5 s ago meshnode/0.1",
        "-- \(peer(2).shortID)  connected, direct relay/9",
        "-- 1 online: 1 direct, 0 relayed",
      ])
  }

  @Test func `the rest is asked of the node`() {
    var desk = Desk()
    for line in ["/search tea pot", "/connect /ip4/192.0.2.1/tcp/1", "/refresh", "/status"] { desk.say(line) }
    #expect(
      desk.actions() == [.search("tea pot"), .connect("/ip4/192.0.2.1/tcp/1"), .refresh, .status])
    desk.hear(.found([message("tea pots", in: .room("garden"), at: 1500)], words: "tea pot"))
    #expect(
      desk.log.suffix(2) == ["-- day 1 01:00 #garden \(friend) tea pots", "-- one message has tea pot"])
    desk.say("/help")
    #expect(desk.log.count > 10)
    desk.say("/nonsense")
    #expect(desk.log.last == "-- there is no command /nonsense; /help lists those there are")
    #expect(desk.actions() == [])
    desk.press(.control("l"))
    #expect(desk.actions() == [.redraw])
  }
}
