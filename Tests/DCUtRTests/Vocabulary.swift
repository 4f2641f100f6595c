// The words these tests are written in.

import DCUtR
import Identity
import NIOCore
import SansIO
import TestKit
import Testing
import Wire

func ms(_ milliseconds: Int64) -> Instant { .zero + .milliseconds(milliseconds) }

/// The `number`th of some peers; their order is that of their numbers, from 0.
let peers: [PeerID] = (0..<64).map { number in
  let seed = [UInt8](repeating: UInt8(number), count: 32)
  guard let keys = try? KeyPair(seed: seed) else { preconditionFailure("32 bytes make a key") }
  return keys.peerID
}.sorted()

func address(_ text: String) -> Multiaddr {
  guard let address = try? Multiaddr(text) else { preconditionFailure("not an address: \(text)") }
  return address
}

func addresses(_ texts: String...) -> [Multiaddr] { texts.map(address) }

/// The body of the one frame in `frame`.
func body(_ frame: ByteBuffer) throws -> ByteBuffer {
  var frames = LengthPrefixedFrames(maxBytes: messageBytesMax)
  var frame = frame
  frames.receive(&frame)
  let body = try #require(try frames.nextFrame())
  #expect(frames.isAtBoundary)
  return body
}

let ourAddress = address("/ip4/45.0.0.1/tcp/4001")
let theirAddress = address("/ip4/46.0.0.2/tcp/4002")

/// One machine, spoken to by hand. Peer 10 is us; peer `n`'s circuit is connection `n`.
struct Rig {
  static let own = 10
  let own: [Multiaddr]
  var machine: Machine
  private var streamNumber: UInt32 = 0
  /// Said before the last bytes came.
  private var backlog: [Machine.Event] = []

  init(_ own: [Multiaddr] = [ourAddress], _ change: (inout Configuration) -> Void = { _ in }) {
    var configuration = Configuration()
    change(&configuration)
    self.own = own
    machine = Machine(
      own: peers[Self.own], configuration: configuration, generator: SeededGenerator(seed: 1), now: .zero)
    machine.ownAddressesChanged(own, at: .zero)
  }

  /// Everything there is to say, but for `consumed`.
  mutating func said() -> [Machine.Event] {
    defer { backlog = [] }
    while let event = machine.nextEvent() {
      if case .consumed = event { continue }
      backlog.append(event)
    }
    return backlog
  }

  mutating func advance(to now: Instant) -> [Machine.Event] {
    machine.advance(to: now)
    return said()
  }

  /// A circuit that the peer has dialled (we start), or that we have.
  mutating func circuit(_ number: Int, isInbound: Bool, at now: Instant = .zero) {
    machine.relayedOpened(connection(number), to: peers[number], isInbound: isInbound, at: now)
  }

  mutating func describe(
    _ number: Int, speaks: Bool = true, _ addresses: [Multiaddr] = [], at now: Instant = .zero
  ) {
    machine.peerDescribed(peers[number], speaksDCUtR: speaks, addresses: addresses, at: now)
  }

  var deadline: Instant? {
    var copy = machine
    return copy.deadline
  }

  func connection(_ number: Int) -> ConnectionID { ConnectionID(rawValue: UInt64(number)) }

  mutating func freshStream(_ number: Int) -> StreamHandle {
    streamNumber += 1
    return StreamHandle(connection: connection(number), stream: streamNumber)
  }

  mutating func send(_ bytes: ByteBuffer, on stream: StreamHandle, at now: Instant) {
    var bytes = bytes
    let count = bytes.readableBytes
    backlog = said()
    machine.receive(&bytes, from: stream, at: now)
    #expect(bytes.readableBytes == 0)
    #expect(machine.nextEvent() == .consumed(count, on: stream))
  }

  mutating func send(_ message: Message, on stream: StreamHandle, at now: Instant) {
    send(message.encoded, on: stream, at: now)
  }

  // Whole stretches.

  /// B, up to its CONNECT. What was asked for is answered at `now`.
  mutating func asks(_ number: Int = 20, at now: Instant = .zero) throws -> StreamHandle {
    circuit(number, isInbound: true, at: now)
    describe(number, at: now)
    return try opens(number, at: now)
  }

  /// Answers the stream that was asked for in the events so far.
  mutating func opens(_ number: Int = 20, at now: Instant) throws -> StreamHandle {
    try opens(number, in: said(), at: now)
  }

  mutating func opens(_ number: Int = 20, in events: [Machine.Event], at now: Instant) throws -> StreamHandle
  {
    let open = try #require(events.compactMap(\.open).first)
    let stream = freshStream(number)
    machine.opened(open, as: stream, at: now)
    #expect(said() == [.write(Message.connect(own).encoded, on: stream)])
    return stream
  }

  /// B, up to its punch: A has answered with its addresses, half a round trip is over.
  mutating func punches(
    _ number: Int = 20, from theirs: [Multiaddr] = [theirAddress], at now: Instant = .zero
  ) throws -> Punch {
    let stream = try asks(number, at: now)
    return try synchronises(stream, from: theirs, at: now)
  }

  mutating func synchronises(
    _ stream: StreamHandle, from theirs: [Multiaddr] = [theirAddress], at now: Instant
  ) throws -> Punch {
    send(.connect(theirs), on: stream, at: now)
    #expect(said() == [.write(Message.sync.encoded, on: stream), .finish(stream)])
    return try #require(advance(to: now).compactMap(\.punch).first)
  }

  /// A, up to its punch.
  mutating func answers(
    _ number: Int = 20, to theirs: [Multiaddr] = [theirAddress], at now: Instant = .zero
  ) throws -> Punch {
    let stream = freshStream(number)
    machine.streamOpened(stream, by: peers[number], at: now)
    send(.connect(theirs), on: stream, at: now)
    #expect(said() == [.write(Message.connect(own).encoded, on: stream)])
    send(.sync, on: stream, at: now)
    return try #require(said().compactMap(\.punch).first)
  }

}

extension Machine.Event {
  var open: OpenID? { if case .openStream(let open, _) = self { open } else { nil } }
  var punch: Punch? { if case .punch(let punch) = self { punch } else { nil } }
  var dial: AttemptID? { if case .dial(let id, _, _) = self { id } else { nil } }
  var outcome: Outcome? { if case .outcome(let outcome) = self { outcome } else { nil } }
  var reset: StreamHandle? { if case .reset(let stream) = self { stream } else { nil } }
}

extension [Machine.Event] {
  var failures: [Failure] {
    compactMap { event in
      if case .outcome(let outcome) = event, case .failed(let failure) = outcome.result {
        failure
      } else {
        nil
      }
    }
  }
}

/// An outcome of ours with peer 20.
func outcome(_ attempt: Int, _ side: Side, _ result: Outcome.Result) -> Machine.Event {
  .outcome(Outcome(peer: peers[20], attempt: attempt, side: side, result: result))
}
