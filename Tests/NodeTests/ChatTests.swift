import Chat
import Identity
import Node
import NodeKit
import SansIO
import Testing
import Wire

/// Whole nodes that write to each other, in virtual time.
@Suite struct NodeChatTests {
  let network = NodeNetwork()

  private func messenger(_ configure: (inout Node.Configuration) -> Void = { _ in }) -> NodeNetwork.Host {
    network.add {
      $0.beMessenger()
      configure(&$0)
    }
  }

  private func connect(_ host: NodeNetwork.Host, _ other: NodeNetwork.Host) {
    _ = network.on(host) { node, now in node.connect(to: other.fullAddress, at: now) }
    network.run(for: .seconds(2))
  }

  @discardableResult
  private func send(
    _ text: String, to conversation: Conversation = .global, from host: NodeNetwork.Host
  ) throws -> MessageKey {
    try network.on(host) { node, now throws(ChatError) in
      try node.send(text, to: conversation, at: now).key
    }
  }

  @Test func whatIsWrittenInGlobalReachesEverybodyOnce() throws {
    let (alice, hub, bob) = (messenger(), messenger(), messenger())
    connect(alice, hub)
    connect(bob, hub)
    let key = try send("hello, world", from: alice)
    network.run(for: .seconds(3))
    #expect(alice.states(of: key) == [.sent])
    for host in [hub, bob] {
      #expect(host.received.map(\.text) == ["hello, world"])
      #expect(host.received.map(\.key) == [key])
      #expect(host.received.map(\.conversation) == [.global])
    }
    #expect(alice.received.isEmpty)
  }

  @Test func whatIsWrittenAloneIsReadByWhoeverComes() throws {
    let (alice, bob) = (messenger(), messenger())
    let key = try send("anybody?", from: alice)
    network.run(for: .seconds(60))
    #expect(alice.states(of: key).isEmpty)
    connect(bob, alice)
    network.run(for: .seconds(3))
    #expect(alice.states(of: key) == [.sent])
    #expect(bob.received.map(\.text) == ["anybody?"])
  }

  @Test func roomsAreForThoseWhoJoined() throws {
    let (alice, bob, carol) = (messenger(), messenger(), messenger())
    connect(alice, bob)
    connect(bob, carol)
    connect(alice, carol)
    for host in [alice, bob] {
      try network.on(host) { node, now throws(ChatError) in _ = try node.join("garden", at: now) }
    }
    network.run(for: .seconds(2))
    try send("roses", to: .room("garden"), from: alice)
    network.run(for: .seconds(3))
    #expect(bob.received.map(\.text) == ["roses"])
    #expect(bob.received.first?.sequence == 1)
    #expect(carol.received.isEmpty)
  }

  @Test func aDirectMessageIsDeliveredAndSaidToBe() throws {
    let (alice, bob, carol) = (messenger(), messenger(), messenger())
    connect(alice, bob)
    connect(carol, bob)
    let key = try send("for you alone", to: .peer(bob.peerID), from: alice)
    network.run(for: .seconds(1))
    #expect(bob.received.map(\.text) == ["for you alone"])
    #expect(bob.received.first?.conversation == .peer(alice.peerID))
    #expect(alice.states(of: key) == [.sent, .delivered])
    #expect(carol.received.isEmpty)
  }

  @Test func aDirectMessageWaitsForItsPeer() throws {
    let (alice, bob) = (messenger(), messenger())
    connect(alice, bob)
    network.breakConnections(of: bob)
    // Each would look for the other one at once.
    alice.isListening = false
    bob.isListening = false
    let key = try send("later", to: .peer(bob.peerID), from: alice)
    network.run(for: .seconds(100))
    #expect(alice.states(of: key).isEmpty)
    alice.isListening = true
    bob.isListening = true
    connect(bob, alice)
    #expect(alice.states(of: key) == [.sent, .delivered])
    #expect(bob.received.map(\.text) == ["later"])
  }

  @Test func manyDirectMessagesKeepTheirOrder() throws {
    let (alice, bob) = (messenger(), messenger())
    connect(alice, bob)
    for number in 1...100 { try send("\(number)", to: .peer(bob.peerID), from: alice) }
    for number in 1...20 { try send("back \(number)", to: .peer(alice.peerID), from: bob) }
    network.run(for: .seconds(30))
    #expect(bob.received.map(\.text) == (1...100).map { "\($0)" })
    #expect(alice.received.map(\.text) == (1...20).map { "back \($0)" })
  }

  @Test func aBrokenConnectionLosesAndDoublesNothing() throws {
    let alice = messenger()
    let bob = messenger { $0.bootstrap = [alice.fullAddress] }
    network.run(for: .seconds(3))
    for round in 0..<10 {
      for number in 0..<5 { try send("\(round * 5 + number)", to: .peer(bob.peerID), from: alice) }
      network.run(for: .milliseconds(15 + round * 3))
      network.breakConnections(of: bob)
      network.run(for: .seconds(20))
    }
    network.run(for: .seconds(60))
    #expect(bob.received.map(\.text).sorted() == (0..<50).map { "\($0)" }.sorted())
    #expect(alice.kept.messages.values.allSatisfy { $0.state == .delivered || $0.key.author != alice.peerID })
  }

  @Test func aPeerWithoutDirectMessagesFailsThemWithAReason() throws {
    let (alice, plain) = (messenger(), network.add())
    connect(alice, plain)
    let key = try send("hello?", to: .peer(plain.peerID), from: alice)
    network.run(for: .seconds(1))
    #expect(alice.states(of: key) == [.failed(reason: "the peer does not take direct messages")])
  }

  @Test func aFloodIsDroppedAndTheRoomStaysReadable() throws {
    let (alice, hub, flooder) = (messenger(), messenger(), messenger())
    connect(alice, hub)
    connect(flooder, hub)
    for number in 0..<150 {
      for _ in 0..<10 {
        _ = try? network.on(flooder) { node, now throws(ChatError) in
          try node.send("noise \(number)", to: .global, at: now)
        }
      }
      network.run(for: .milliseconds(100))
    }
    try send("signal", from: hub)
    network.run(for: .seconds(3))
    #expect(alice.received.contains { $0.text == "signal" })
    #expect(alice.received.count < 400)
  }
}

extension NodeNetwork.Host {
  var received: [Message] {
    events.compactMap { if case .messageReceived(let message) = $0 { message } else { nil } }
  }

  func states(of key: MessageKey) -> [DeliveryState] {
    events.compactMap { if case .messageState(key, let state) = $0 { state } else { nil } }
  }
}
