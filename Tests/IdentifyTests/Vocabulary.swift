// The words the identify tests are written in.

import Identify
import Identity
import NIOCore
import SansIO
import Testing
import Wire

func ms(_ milliseconds: Int64) -> Instant { .zero + .milliseconds(milliseconds) }

/// The `number`th of some peers.
func keys(_ number: UInt8) throws -> KeyPair { try KeyPair(seed: [UInt8](repeating: number, count: 32)) }

func address(_ number: Int) throws -> Multiaddr {
  try Multiaddr("/ip4/192.0.\(number / 250).\(number % 250 + 1)/tcp/4001")
}

func record(_ keys: KeyPair, _ sequence: UInt64, _ addresses: [Multiaddr]) -> [UInt8] {
  PeerRecord(peerID: keys.peerID, sequence: sequence, addresses: addresses).sealed(by: keys)
}

/// A message with every field set.
func fullMessage(of keys: KeyPair) throws -> Message {
  try Message(
    publicKey: keys.publicKey.protobuf, listenAddrs: [address(1), address(2)],
    protocols: ["/ipfs/id/1.0.0", "/ipfs/ping/1.0.0"], observedAddr: Multiaddr("/ip4/198.51.100.7/tcp/9"),
    protocolVersion: "ipfs/0.1.0", agentVersion: "test/1",
    signedPeerRecord: record(keys, 5, [address(1), address(2)]))
}

/// What `message` looks like on the wire.
func sent(_ message: Message) throws -> ByteBuffer {
  var sender = try Sender(message)
  var wire = ByteBuffer()
  #expect(sender.drainOutbound(into: &wire) == true)
  return wire
}

/// The bodies of the parts on the wire.
func parts(_ wire: ByteBuffer) throws -> [ByteBuffer] {
  var wire = wire
  var frames = LengthPrefixedFrames(maxBytes: 1 << 20)
  frames.receive(&wire)
  var bodies: [ByteBuffer] = []
  while let body = try frames.nextFrame() { bodies.append(body) }
  #expect(frames.isAtBoundary)
  return bodies
}

/// A part as a peer that is not ours would write it.
func part(_ fields: (number: UInt8, content: [UInt8])...) -> ByteBuffer {
  var body = ByteBuffer()
  for field in fields {
    body.writeInteger(field.number << 3 | 2)
    Varint.encode(UInt64(field.content.count), into: &body)
    body.writeBytes(field.content)
  }
  var wire = ByteBuffer()
  LengthPrefixedFrames.encode(body, into: &wire)
  return wire
}

func + (left: ByteBuffer, right: ByteBuffer) -> ByteBuffer {
  var sum = left
  sum.writeImmutableBuffer(right)
  return sum
}

extension Receiver {
  mutating func receives(_ bytes: ByteBuffer) {
    var bytes = bytes
    receive(&bytes)
    #expect(bytes.readableBytes == 0)
  }

  mutating func expect(_ event: Event?, at location: SourceLocation = #_sourceLocation) throws {
    #expect(try nextEvent() == event, sourceLocation: location)
  }

  mutating func expectFailure(_ error: IdentifyError, at location: SourceLocation = #_sourceLocation) throws {
    #expect(throws: error, sourceLocation: location) { try nextEvent() }
    #expect(try nextEvent() == nil, sourceLocation: location)
    #expect(deadline == nil && !outboundFinished, sourceLocation: location)
  }
}

/// The message that arrives when `wire` is all that comes.
func received(_ wire: ByteBuffer, at location: SourceLocation = #_sourceLocation) throws -> Message {
  var receiver = Receiver(at: .zero)
  receiver.receives(wire)
  receiver.remoteFinished()
  guard case .received(let message) = try receiver.nextEvent() else {
    Issue.record("no message", sourceLocation: location)
    return Message()
  }
  return message
}
