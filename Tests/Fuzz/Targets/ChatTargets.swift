import Chat
import Identity
import NIOCore
import SansIO
import Wire

// What strangers write in rooms and on streams of direct messages, and text to be shown.
extension FuzzTarget {
  static let chat = [
    FuzzTarget("chat-room", seeds: chatRoomSeeds, run: chatRoom),
    FuzzTarget("chat-sender", seeds: [Seed("run", [0, 0, 2, 1, 3, 0, 4, 9])], run: chatSender),
    FuzzTarget("chat-receiver", seeds: chatReceiverSeeds, run: chatReceiver),
    FuzzTarget(
      "chat-text",
      seeds: [Seed("hostile", "a\u{1B}[2J\u{202E}b\r\n\u{301}\u{200D}c"), Seed("emoji", "❤\u{FE0F}")],
      run: chatText),
    FuzzTarget(
      "chat-room-name", seeds: [Seed("name", "#Garden-2 "), Seed("script", "渋谷")], run: chatRoomName),
  ]

  private static let chatAuthor = alice.peerID
  private static let chatNowMs: Int64 = 1_700_000_000_000

  // MARK: Rooms

  private static var chatRoomSeeds: [Seed] {
    var envelope = Chat_Envelope()
    envelope.id = [UInt8](repeating: 7, count: 16).protobufBytes()
    envelope.author = chatAuthor.bytes.protobufBytes()
    envelope.sequence = 3
    envelope.sentMs = chatNowMs
    envelope.text = "hello"
    return [
      Seed("envelope", envelope.encodedBytes() + [0]), Seed("text", [UInt8]("ANNOUNCE:PRESENCES".utf8) + [1]),
    ]
  }

  /// What is accepted is told once and within its limits; what is not changes nothing.
  private static func chatRoom(_ input: FuzzInput) {
    var input = input
    let topic = input.decision() & 1 == 0 ? "meshwork-room/1/garden" : "p2p-chat-global"
    let data = ByteBuffer(bytes: input.rest())
    var snapshot = Snapshot()
    snapshot.rooms = ["garden"]
    var machine = Machine(
      own: bob.peerID, snapshot: snapshot, generator: SeededGenerator(seed: 1), now: .zero)
    let verdict = machine.judge(data, topic: topic, author: chatAuthor, nowMs: chatNowMs)
    for _ in 0..<2 {
      machine.accepted(
        data, topic: topic, author: chatAuthor, sequence: 9, nowMs: chatNowMs, at: .zero)
    }
    let messages = runChat(&machine)
    expect(messages.count == (verdict == .accept ? 1 : 0), "\(verdict) and \(messages.count) messages")
    for message in messages {
      expect(message.key.author == chatAuthor, "nobody speaks for another")
      expect((1...16_384).contains(message.text.utf8.count), "\(message.text.utf8.count) bytes")
      expect((message.sentMs ?? 0) >= 0, "\(message)")
    }
  }

  /// Keeps everything and gives what is told.
  private static func runChat(_ machine: inout Machine) -> [Message] {
    var messages: [Message] = []
    var known: Set<MessageKey> = []
    while let event = machine.nextEvent() {
      switch event {
      case .received(let message): messages.append(message)
      case .save(let id, let writes):
        let outcomes = writes.map { write -> Outcome in
          guard case .insert(let message) = write else { return .done }
          return known.insert(message.key).inserted ? .inserted : .duplicate
        }
        machine.saved(id, outcomes, at: .zero)
      default: break
      }
    }
    return messages
  }

  // MARK: Streams

  private static func chatMessage(_ number: UInt8) -> Message {
    Message(
      key: MessageKey(
        author: bob.peerID, id: String(repeating: number < 16 ? "0a" : "1b", count: 15) + hex(number)),
      conversation: .peer(chatAuthor), sequence: UInt64(number), text: "x", sentMs: chatNowMs,
      receivedMs: chatNowMs, state: .queued)
  }

  private static func hex(_ number: UInt8) -> String {
    let digits = [Character]("0123456789abcdef")
    return String([digits[Int(number >> 4)], digits[Int(number & 15)]])
  }

  /// Answers in the front: right ones, wrong ones, and time between.
  private static func chatSender(_ input: FuzzInput) {
    var input = input
    var sender = DirectSender(at: .zero)
    var now = Instant.zero
    var (count, sent, answered) = (UInt8(0), Set<String>(), Set<String>())
    var isOver = false
    while !input.isEmpty {
      switch input.byte() & 7 {
      case 0:
        if sender.hasRoom, count < .max {
          sender.send(chatMessage(count), at: now)
          count += 1
        }
      case 1: _ = sender.nextChunk(maxBytes: 1 + Int(input.byte()), at: now)
      case 2: _ = sender.nextChunk(maxBytes: 100_000, at: now)
      case 3:
        var ack = Chat_Ack()
        let id = chatMessage(input.byte() % 20).key.id
        ack.id = bytes(ofHex: id).protobufBytes()
        if input.byte() & 1 == 0 { ack.kept = .init() } else { ack.refused.reason = "\u{1B}no" }
        var wire = ByteBuffer()
        LengthPrefixedFrames.encode(ack, into: &wire)
        sender.receive(&wire, at: now)
      case 4:
        var noise = ByteBuffer(bytes: input.take(Int(input.byte() & 31)))
        sender.receive(&noise, at: now)
        expect(noise.readableBytes == 0, "all is taken")
      case 5: sender.remoteFinished(at: now)
      default:
        now += .milliseconds(Int64(input.short()))
        sender.advance(to: now)
      }
      do throws(DirectError) {
        while let event = try sender.nextEvent() {
          expect(!isOver, "nothing after the end")
          switch event {
          case .sent(let id): expect(sent.insert(id).inserted, "sent once: \(id)")
          case .acknowledged(let id, let acknowledgement):
            expect(sent.contains(id) && answered.insert(id).inserted, "answered once, after it left: \(id)")
            if case .refused(let reason) = acknowledgement {
              expect(Text.line(reason, bytesMax: 200) == reason, "reasons can be shown")
            }
          case .ended: isOver = true
          }
        }
      } catch {
        isOver = true
      }
      expect(sent.count - answered.count <= 16 || isOver, "a window is never exceeded")
    }
  }

  private static func bytes(ofHex text: String) -> [UInt8] {
    let digits = [UInt8](text.utf8).map { $0 < 0x61 ? $0 &- 0x30 : $0 &- 0x57 }
    return stride(from: 0, to: digits.count - 1, by: 2).map { digits[$0] << 4 | digits[$0 + 1] }
  }

  private static var chatReceiverSeeds: [Seed] {
    var wire = ByteBuffer()
    for number in 0..<3 as Range<UInt8> {
      var send = Chat_Send()
      send.id = [UInt8](repeating: number, count: 16).protobufBytes()
      send.sequence = UInt64(number)
      send.sentMs = chatNowMs
      send.text = "hello"
      LengthPrefixedFrames.encode(send, into: &wire)
    }
    let bytes = [UInt8](wire.readableBytesView)
    return [Seed("three", bytes + [0, 0]), Seed("ended", bytes + [3, 1])]
  }

  /// Messages in the front, how they are cut and answered in the back.
  private static func chatReceiver(_ input: FuzzInput) {
    var input = input
    let (mode, finishes) = (input.decision(), input.decision() & 1 == 1)
    let bytes = input.rest()
    let (whole, cut) = (hearChat(bytes, .whole, finishes), hearChat(bytes, Cutting(mode), finishes))
    // Answers leave between pieces, so a window that was too much at once may be none in pieces.
    if whole.failure == nil {
      expect(whole.ids == cut.ids && cut.failure == nil, "a receiver does not care how bytes arrive")
    }
    expect(cut.answers <= cut.ids.count, "\(cut.answers) answers to \(cut.ids.count) messages")
    if whole.failure == nil, finishes { expect(cut.hasEnded, "the end is told") }
  }

  private static func hearChat(
    _ bytes: [UInt8], _ cutting: Cutting, _ finishes: Bool
  ) -> (ids: [String], answers: Int, hasEnded: Bool, failure: DirectError?) {
    var limits = DirectReceiver.Limits()
    limits.rate = .init(burst: 100_000, interval: .nanoseconds(1))
    var receiver = DirectReceiver(at: .zero, limits: limits)
    var (ids, answers, hasEnded) = ([String](), 0, false)
    func pull() throws(DirectError) {
      while let event = try receiver.nextEvent() {
        expect(!hasEnded, "nothing after the end")
        switch event {
        case .received(let message):
          ids.append(message.id)
          if receiver.acknowledge(message.id, .kept, at: .zero) { answers += 1 }
        case .ended: hasEnded = true
        }
      }
      while receiver.nextChunk(maxBytes: 7, at: .zero) != nil {}
    }
    do throws(DirectError) {
      for piece in cutting.pieces(of: bytes) {
        var piece = piece
        receiver.receive(&piece, at: .zero)
        expect(piece.readableBytes == 0, "all is taken")
        try pull()
      }
      if finishes {
        receiver.remoteFinished(at: .zero)
        try pull()
        try pull()
      }
      if let deadline = receiver.deadline { receiver.advance(to: deadline) }
      expect(receiver.deadline == nil, "a receiver that stands still ends")
      return (ids, answers, hasEnded, nil)
    } catch {
      return (ids, answers, hasEnded, error)
    }
  }

  // MARK: Text

  private static func chatText(_ input: FuzzInput) {
    var input = input
    let limit = Int(input.decision())
    let text = input.restAsText()
    for lines in [Text.Lines.kept, .joined] {
      let shown = Text.safe(text, lines: lines)
      expect(Text.safe(shown, lines: lines) == shown, "what is harmless stays: \(shown.debugDescription)")
      for scalar in shown.unicodeScalars {
        let isNewline = scalar == "\n" && lines == .kept
        expect(isNewline || scalar.properties.generalCategory != .control, "\(shown.debugDescription)")
        expect(!(0x2066...0x2069).contains(scalar.value), "\(shown.debugDescription)")
        expect(!(0x202A...0x202E).contains(scalar.value), "\(shown.debugDescription)")
      }
    }
    let line = Text.line(text, bytesMax: limit)
    expect(line.utf8.count <= limit && !line.utf8.contains(0x0A), "\(line.debugDescription)")
  }

  private static func chatRoomName(_ input: FuzzInput) {
    var input = input
    let typed = input.restAsText()
    guard let name = attempt({ () throws(ChatError) in try RoomName.normalised(typed) }) else { return }
    let again = certain("a name stays as it is") { () throws(ChatError) in try RoomName.normalised(name) }
    expect(again.utf8.elementsEqual(name.utf8), "\(again) is \(name)")
    expect(
      Text.safe(name, lines: .joined).utf8.elementsEqual(name.utf8),
      "a name can be shown: \(name.debugDescription)")
    expect((1...64).contains(name.utf8.count), "\(name)")
    expect(RoomName.room(ofTopic: RoomName.topic(of: name)) == name, "\(name) has a topic")
  }
}
