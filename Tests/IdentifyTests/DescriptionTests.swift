// What of a message is believed.

import Identify
import Identity
import SansIO
import Testing
import Wire

@Suite struct DescriptionTests {
  let alice: KeyPair
  let mallory: KeyPair

  init() throws {
    alice = try keys(1)
    mallory = try keys(2)
  }

  func described(_ messages: Message..., isRelayed: Bool = false) throws -> PeerDescription {
    var description = PeerDescription(of: alice.peerID)
    for message in messages { try message.apply(to: &description, isRelayed: isRelayed) }
    return description
  }

  @Test func `a whole message of the right peer`() throws {
    let description = try described(fullMessage(of: alice))
    #expect(description.publicKey == alice.publicKey)
    #expect(try description.listenAddrs == [address(1), address(2)])
    #expect(description.recordSequence == 5)
    #expect(description.protocols == ["/ipfs/id/1.0.0", "/ipfs/ping/1.0.0"])
    #expect(try description.observedAddr == Multiaddr("/ip4/198.51.100.7/tcp/9"))
    #expect(description.protocolVersion == "ipfs/0.1.0" && description.agentVersion == "test/1")
  }

  // The key.

  @Test func `the key of another peer, or no key, drops the whole message`() throws {
    var description = try described(fullMessage(of: alice))
    let before = description
    let others = try fullMessage(of: mallory)
    #expect(throws: IdentifyError.wrongPublicKey) { try others.apply(to: &description, isRelayed: false) }
    let broken = Message(publicKey: [1, 2, 3], agentVersion: "broken")
    #expect(throws: IdentifyError.malformedPublicKey) { try broken.apply(to: &description, isRelayed: false) }
    #expect(description == before)
  }

  // Push.

  @Test func `what a push does not mention stays`() throws {
    let known = try fullMessage(of: alice)
    let before = try described(known)
    #expect(try described(known, Message()) == before)

    let after = try described(known, Message(protocols: ["/new/1"]))
    #expect(after.protocols == ["/new/1"])
    #expect(after.agentVersion == before.agentVersion && after.listenAddrs == before.listenAddrs)
    #expect(after.publicKey == before.publicKey && after.observedAddr == before.observedAddr)
  }

  @Test func `a mentioned empty text empties`() throws {
    #expect(try described(fullMessage(of: alice), Message(agentVersion: "")).agentVersion == "")
  }

  // Addresses.

  @Test func `unsigned addresses count until there is a record, and never after`() throws {
    let unsigned = try Message(listenAddrs: [address(9)])
    #expect(try described(unsigned).listenAddrs == [address(9)])
    #expect(try described(unsigned).recordSequence == nil)

    let both = try Message(listenAddrs: [address(9)], signedPeerRecord: record(alice, 1, [address(3)]))
    #expect(try described(both).listenAddrs == [address(3)])
    #expect(try described(both, unsigned).listenAddrs == [address(3)])
  }

  @Test func `a bad record counts as absent`() throws {
    var forged = try record(alice, 9, [address(3)])
    forged[forged.count - 1] ^= 1
    for (envelope, cause) in try [
      (forged, IdentityError.invalidSignature),
      (record(mallory, 9, [address(3)]), .recordOfAnotherPeer),
      ([0xFF], .malformedEnvelope),
    ] {
      let message = try Message(listenAddrs: [address(9)], signedPeerRecord: envelope)
      var description = PeerDescription(of: alice.peerID)
      #expect(try message.apply(to: &description, isRelayed: false) == .rejected(cause))
      #expect(try description.listenAddrs == [address(9)])
      #expect(description.recordSequence == nil)
    }
  }

  @Test func `a newer record replaces, an older one does not`() throws {
    var description = PeerDescription(of: alice.peerID)
    func apply(_ sequence: UInt64, _ number: Int) throws -> RecordOutcome {
      try Message(signedPeerRecord: record(alice, sequence, [address(number)]))
        .apply(to: &description, isRelayed: false)
    }
    #expect(try apply(7, 1) == .accepted)
    #expect(try apply(6, 2) == .stale)
    #expect(try description.listenAddrs == [address(1)])
    #expect(try apply(7, 3) == .accepted)
    #expect(try apply(.max, 4) == .accepted)
    #expect(try apply(0, 5) == .stale)
    #expect(try description.listenAddrs == [address(4)])
    #expect(description.recordSequence == .max)
  }

  @Test func `a record without addresses says there are none`() throws {
    let message = try Message(listenAddrs: [address(9)], signedPeerRecord: record(alice, 1, []))
    #expect(try described(message).listenAddrs == [])
  }

  @Test func `unsigned addresses that lead to another peer are left out`() throws {
    let own = try address(1).appending(alice.peerID)
    let foreign = try address(2).appending(mallory.peerID)
    #expect(try described(Message(listenAddrs: [own, foreign])).listenAddrs == [own])
  }

  // What the peer sees of us.

  @Test func `an observed address counts on direct connections only`() throws {
    let message = try fullMessage(of: alice)
    #expect(try described(message, isRelayed: true).observedAddr == nil)
    #expect(try described(message, isRelayed: false).observedAddr == message.observedAddr)
  }

  @Test func `a relay's address is never where we are`() throws {
    let circuit = try Multiaddr("/ip4/192.0.2.1/tcp/4001/p2p/\(mallory.peerID)/p2p-circuit")
    #expect(try described(Message(observedAddr: circuit)).observedAddr == nil)
  }

  // Text.

  @Test func `versions are made safe to show`() throws {
    let hostile = Message(
      protocolVersion: "p\u{7}\u{9B}", agentVersion: "a\u{1B}[2Jb\nc\u{202E}d\u{0}é😀\u{2028}")
    let description = try described(hostile)
    #expect(description.agentVersion == "a\u{FFFD}[2Jb\u{FFFD}c\u{FFFD}d\u{FFFD}é😀\u{FFFD}")
    #expect(description.protocolVersion == "p\u{FFFD}\u{FFFD}")
  }

  @Test func `versions are cut between characters`() throws {
    let long = Message(agentVersion: String(repeating: "é", count: 3000))
    #expect(try described(long).agentVersion == String(repeating: "é", count: 128))
    let odd = Message(agentVersion: "x" + String(repeating: "é", count: 3000))
    #expect(try described(odd).agentVersion == "x" + String(repeating: "é", count: 127))
  }
}
