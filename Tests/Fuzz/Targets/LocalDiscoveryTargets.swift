import Identity
@testable import LocalDiscovery
import NIOCore
import SansIO
import Wire

// What anybody on the link may send.
extension FuzzTarget {
  static let localDiscovery = [
    FuzzTarget("mdns-message", seeds: messageSeeds, run: mdnsMessage),
    FuzzTarget("mdns-machine", seeds: machineSeeds, run: mdnsMachine),
  ]

  private static let link = Link(interface: InterfaceID(rawValue: 2), family: .ip4)
  private static let home = Interface(
    id: link.interface, name: "lan0",
    addresses: [InterfaceAddress(.v4(IPv4Address(rawValue: 0x0A00_0001)), prefixBits: 24)])

  private static var messageSeeds: [Seed] {
    [
      Seed("question", [UInt8](question.encoded().readableBytesView)),
      Seed("announcement", [UInt8](announcement(ttlSeconds: 120).encoded().readableBytesView)),
    ]
  }

  /// Packets with their lengths, and what to do between them.
  private static var machineSeeds: [Seed] {
    let packets = [question, announcement(ttlSeconds: 120), announcement(ttlSeconds: 0)]
    let steps = packets.flatMap { message -> [UInt8] in
      let bytes = [UInt8](message.encoded().readableBytesView)
      return [0, UInt8(bytes.count >> 8), UInt8(bytes.count & 0xFF)] + bytes + [1, 40]
    }
    return [Seed("conversation", steps), Seed("leaving", steps + [3] + steps)]
  }

  private static var question: Message {
    var message = Message()
    message.questions = [Question(name: Service.peers, type: .pointer)]
    return message
  }

  private static func announcement(ttlSeconds: UInt32) -> Message {
    let addresses = ["/ip4/10.0.0.2/tcp/4001", "/ip6/fd00::2/udp/4001/quic-v1"].compactMap { text in
      attempt { () throws(WireError) in try Multiaddr(text) }
    }
    let announcement = Announcement(label: [UInt8]("seed".utf8), peer: alice.peerID, addresses: addresses)
    return announcement.response(to: .instance, ttlSeconds: ttlSeconds) ?? Message()
  }

  // MARK: Messages

  private static func mdnsMessage(_ input: FuzzInput) {
    var input = input
    let bytes = input.rest()
    let message = attempt { () throws(MessageError) in try Message(decoding: ByteBuffer(bytes: bytes)) }
    // Where in its storage a message lies makes no difference.
    var moved = ByteBuffer(bytes: [1, 2, 3] + bytes)
    moved.moveReaderIndex(forwardBy: 3)
    let again = attempt { () throws(MessageError) in try Message(decoding: moved) }
    expect(message == again, "the place of a message does not matter")
    guard let message else { return }
    let entries = message.questions.count + message.answers.count + message.additionals.count
    expect(entries <= Message.entriesMax, "entries are bounded")
    let names = message.questions.map(\.name) + (message.answers + message.additionals).map(\.name)
    expect(names.allSatisfy { $0.bytes.count < Name.bytesMax }, "names are bounded")
    guard !message.questions.contains(where: { $0.type == nil }) else { return }
    var rewritten = message
    rewritten.isCut = false
    // An empty TXT record is written with the empty string it must have (RFC 6763, section 6.1).
    let hasEmptyText = (message.answers + message.additionals).contains { $0.data == .text([]) }
    let reread = certain("what is written can be read") { () throws(MessageError) in
      try Message(decoding: rewritten.encoded())
    }
    expect(hasEmptyText || reread == rewritten, "what is written is read")
  }

  // MARK: Machine

  private static func mdnsMachine(_ input: FuzzInput) {
    var input = input
    var now = Instant.zero
    var machine = Machine(peer: bob.peerID, generator: SeededGenerator(seed: 1), now: now)
    let listen = attempt { () throws(WireError) in try Multiaddr("/ip4/0.0.0.0/tcp/1") }
    machine.announce(listen.map { [$0] } ?? [], at: now)
    machine.interfaces([home], at: now)
    var (known, multicasts, restarts): (Set<PeerID>, Int, Int) = ([], 0, 1)
    var hasLeft = false
    while !input.isEmpty {
      switch input.byte() & 7 {
      case 0, 4, 5, 6, 7:
        let sender = Endpoint(
          .v4(IPv4Address(rawValue: 0x0A00_0000 | UInt32(input.decision() & 3))),
          port: input.decision() & 7 == 7 ? 9999 : Machine.port)
        let packet = input.take(Int(input.short()))
        machine.receive(ByteBuffer(bytes: packet), from: sender, on: link, at: now)
      case 1:
        now += .milliseconds(Int(input.byte()) * 25)
        machine.advance(to: now)
      case 2:
        machine.interfaces(input.byte() & 1 == 0 ? [home] : [], at: now)
        restarts += 1
      default:
        machine.leave(at: now)
        hasLeft = true
      }
      while let event = machine.nextEvent() {
        switch event {
        case .send(let packet, let on, let destination):
          expect(on == link && packet.readableBytes <= 1440, "what is sent fits")
          expect((try? Message(decoding: packet)) != nil, "what is sent is well formed")
          if destination == .group { multicasts += 1 }
        case .discovered(let peer, let addresses):
          expect(!hasLeft && peer != bob.peerID, "only others are discovered, and nobody after leaving")
          expect((1...16).contains(addresses.count), "\(addresses.count) addresses")
          expect(
            addresses.allSatisfy { $0.peer == nil && !$0.isCircuit && $0.host?.ip != nil }, "all to dial")
          known.insert(peer)
        case .expired(let peer): expect(known.remove(peer) != nil, "only who was known is forgotten")
        }
      }
      expect(hasLeft || machine.peerCount == known.count, "everybody known was told of")
      let deadline = machine.deadline
      expect(hasLeft ? deadline == nil : (deadline ?? .distantFuture) > .zero, "time goes on")
    }
    let seconds = Int((now - .zero).milliseconds / 1000)
    // A question and an answer a second, and the same at once after each change; and a goodbye.
    expect(multicasts <= 2 * (seconds + 1) + 2 * restarts + 1, "\(multicasts) multicasts in \(seconds) s")
  }
}
