// Two machines joined by a relayed connection with delays, and by a network that lets some dials through, in
// virtual time. How a driver hosts the machine can be read here.

import DCUtR
import Identity
import NIOCore
import SansIO
import Testing
import Wire

final class World {
  /// What becomes of dials.
  enum Path {
    /// Whoever has dialled and is dialled back at its address.
    case simultaneous
    /// Only one side's dial gets through, and is accepted by the other's listening socket.
    case onlyDial(of: Side)
    case none
    /// Every SYN is answered with a reset.
    case rejecting
  }

  /// Whose roles an end has.
  enum Kind {
    case ours
    /// The starting side is the initiator and the answering one the responder, always.
    case oldGo
    /// As the specification says, always.
    case rust
  }

  final class End {
    let side: Side
    let kind: Kind
    var machine: Machine
    let connection: ConnectionID
    var dialled: [(at: Instant, punch: Punch)] = []
    var live: Punch?
    var isDirect = false
    var outcomes: [(at: Instant, outcome: Outcome)] = []
    /// Streams that are open, and those that we have finished.
    var streams: Set<UInt32> = []
    var finished: Set<UInt32> = []

    init(_ side: Side, _ kind: Kind, _ machine: Machine) {
      self.side = side
      self.kind = kind
      self.machine = machine
      connection = ConnectionID(rawValue: side == .starting ? 1 : 2)
    }

    var peer: PeerID { machine.own }
  }

  private struct Action {
    let at: Instant
    let number: UInt64
    let run: () -> Void

    func isBefore(_ other: Action) -> Bool { (at, number) < (other.at, other.number) }
  }

  private(set) var now = Instant.zero
  let starting: End
  let answering: End
  var path = Path.simultaneous
  /// One way over the relay, drawn for each message.
  var delay: (Side) -> Duration = { _ in .milliseconds(20) }
  /// One way between the two.
  var directDelay: Duration = .milliseconds(15)
  var isRelayed = false
  /// Of each exchange that came to its end: how long both CONNECTs and SYNC were on their way.
  private(set) var exchanges: [(roundTrip: Duration, sync: Duration)] = []
  private var flights: [UInt32: [Duration]] = [:]
  private var arrivals: [Side: Instant] = [:]
  private var actions: [Action] = []
  private var counter: UInt64 = 0
  private var streamNumber: UInt32 = 0

  init(
    seed: UInt64 = 1, starting: Kind = .ours, answering: Kind = .ours, configuration: Configuration = .init()
  ) {
    func end(_ side: Side, _ kind: Kind, _ number: Int, _ place: Multiaddr) -> End {
      var generator = SeededGenerator(seed: seed)
      var machine = Machine(
        own: peers[number], configuration: configuration,
        generator: SeededGenerator(seed: generator.next() + UInt64(number)), now: .zero)
      machine.ownAddressesChanged([place], at: .zero)
      return End(side, kind, machine)
    }
    self.starting = end(.starting, starting, 1, ourAddress)
    self.answering = end(.answering, answering, 2, theirAddress)
  }

  func other(_ end: End) -> End { end.side == .starting ? answering : starting }

  // MARK: Running

  func after(_ delay: Duration, _ run: @escaping () -> Void) {
    counter += 1
    actions.append(Action(at: now + delay, number: counter, run: run))
  }

  func run(for limit: Duration) {
    let end = now + limit
    while let next = nextInstant, next <= end {
      now = max(now, next)
      step()
    }
    now = end
  }

  private var nextInstant: Instant? {
    let dues = [starting, answering].compactMap { $0.machine.deadline } + actions.map(\.at)
    return dues.min()
  }

  private func step() {
    if let index = actions.indices.min(by: { actions[$0].isBefore(actions[$1]) }), actions[index].at <= now {
      actions.remove(at: index).run()
    } else {
      for end in [starting, answering] { end.machine.advance(to: now) }
    }
    for end in [starting, answering] { pump(end) }
  }

  // MARK: Circuits

  func openCircuit() {
    isRelayed = true
    for end in [starting, answering] {
      let isInbound = end.side == .starting
      end.machine.relayedOpened(end.connection, to: other(end).peer, isInbound: isInbound, at: now)
      end.machine.peerDescribed(other(end).peer, speaksDCUtR: true, addresses: [], at: now)
      pump(end)
    }
  }

  func closeCircuit() {
    guard isRelayed else { return }
    isRelayed = false
    for end in [starting, answering] {
      for stream in end.streams.sorted() { end.machine.streamEnded(handle(stream, end), at: now) }
      end.streams = []
      end.machine.relayedClosed(end.connection, to: other(end).peer, at: now)
      pump(end)
    }
  }

  func loseDirect() {
    for end in [starting, answering] where end.isDirect {
      end.isDirect = false
      end.machine.directLost(other(end).peer, at: now)
      pump(end)
    }
  }

  /// A stream that the relay or the network has lost.
  func loseStreams() {
    for end in [starting, answering] {
      for stream in end.streams.sorted() { end.machine.streamEnded(handle(stream, end), at: now) }
      end.streams = []
      pump(end)
    }
  }

  private func handle(_ stream: UInt32, _ end: End) -> StreamHandle {
    StreamHandle(connection: end.connection, stream: stream)
  }

  /// In order, and over the circuit that there is.
  private func carry(from end: End, _ run: @escaping (End) -> Void) {
    let arrival = max(now + delay(end.side), arrivals[end.side] ?? .zero)
    arrivals[end.side] = arrival
    after(arrival - now) { [self] in
      guard isRelayed else { return }
      run(other(end))
      pump(other(end))
    }
  }

  /// CONNECT, CONNECT, SYNC.
  private func arrived(on stream: UInt32, after flight: Duration) {
    flights[stream, default: []].append(flight)
    guard let all = flights[stream], all.count == 3 else { return }
    exchanges.append((all[0] + all[1], all[2]))
  }

  // MARK: What a machine wants

  private func pump(_ end: End) {
    while let event = end.machine.nextEvent() { handle(event, end) }
  }

  private func handle(_ event: Machine.Event, _ end: End) {
    switch event {
    case .openStream(let open, let connection):
      #expect(connection == end.connection)
      guard isRelayed else { return end.machine.openFailed(open, isUnsupported: false, at: now) }
      streamNumber += 1
      let number = streamNumber
      end.streams.insert(number)
      end.machine.opened(open, as: handle(number, end), at: now)
      carry(from: end) { [self] far in
        far.streams.insert(number)
        far.machine.streamOpened(handle(number, far), by: end.peer, at: now)
      }
    case .write(let bytes, let stream):
      guard end.streams.contains(stream.stream) else { return }
      let sent = now
      carry(from: end) { [self] far in
        guard far.streams.contains(stream.stream) else { return }
        arrived(on: stream.stream, after: now - sent)
        var bytes = bytes
        far.machine.receive(&bytes, from: handle(stream.stream, far), at: now)
      }
    case .consumed: break
    case .finish(let stream):
      end.finished.insert(stream.stream)
      carry(from: end) { [self] far in
        guard far.streams.contains(stream.stream) else { return }
        far.machine.remoteFinished(handle(stream.stream, far), at: now)
        guard far.finished.contains(stream.stream) else { return }
        for end in [far, end] {
          end.streams.remove(stream.stream)
          end.machine.streamEnded(handle(stream.stream, end), at: now)
          pump(end)
        }
      }
    case .reset(let stream):
      end.streams.remove(stream.stream)
      end.machine.streamEnded(stream, at: now)
      carry(from: end) { [self] far in
        guard far.streams.remove(stream.stream) != nil else { return }
        far.machine.streamEnded(handle(stream.stream, far), at: now)
      }
    case .dial: Issue.record("identify has told no public address")
    case .punch(let punch): dial(punch, by: end)
    case .abandon(let id): if end.live?.id == id { end.live = nil }
    case .outcome(let outcome): end.outcomes.append((now, outcome))
    }
  }
}
