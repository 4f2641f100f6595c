package import Identity
import NIOCore
package import SansIO
import Wire

/// A circuit as its end knows it.
package struct CircuitDescription: Hashable, Sendable {
  package let id: CircuitID
  /// At the other end; the relay's word until the connection over the circuit has proved it.
  package let peer: PeerID
  package let relay: PeerID
  package let limit: Limit
  package let direction: Direction

  /// Who asked for it: the initiator of the connection over it.
  package enum Direction: Hashable, Sendable { case outbound, inbound }

  package init(id: CircuitID, peer: PeerID, relay: PeerID, limit: Limit, direction: Direction) {
    self.id = id
    self.peer = peer
    self.relay = relay
    self.limit = limit
    self.direction = direction
  }
}

/// Why there is no circuit.
package enum CircuitFailure: Hashable, Sendable {
  case refused(Status)
  case invalid(CircuitRelayError)
  /// The relay speaks no circuit relay.
  case unsupported
  /// The stream or the connection to the relay ended.
  case closed
  /// There are as many circuits as there may be.
  case tooMany
}

extension CircuitFailure: CustomStringConvertible {
  package var description: String {
    switch self {
    case .refused(let status): "\(status)"
    case .invalid(let error): "\(error)"
    case .unsupported: "it is no relay"
    case .closed: "the relay ended the stream"
    case .tooMany: "too many circuits"
    }
  }
}

/// Why a circuit will be cut, and how much is left.
package enum CircuitEnding: Hashable, Sendable {
  case time(left: Duration)
  case bytes(left: UInt64)
}

struct ClientCircuit: Sendable {
  let peer: PeerID
  let relay: PeerID
  var stream: StreamHandle?
  var limit = Limit.unlimited
  var isOpen = false
  /// When the relay cuts it.
  var endsAt: Instant?
  var isWarned = false
  var sentBytes: UInt64 = 0
  var receivedBytes: UInt64 = 0
}

// Circuits that end at us, whoever asked for them.
extension Client {
  // MARK: Commands

  /// Asks for a circuit to a peer through a relay that there is a direct connection to.
  /// - Returns: the name under which `circuitOpened` or `circuitFailed` follows.
  package mutating func dial(_ peer: PeerID, through relay: PeerID, at now: Instant) -> CircuitID {
    self.now = now
    circuitNumber += 1
    let id = CircuitID(rawValue: circuitNumber)
    guard peer != own, peer != relay, hasRoom(for: peer) else {
      counters.circuitsFailed += 1
      events.append(.circuitFailed(id, .tooMany))
      return id
    }
    circuits[id] = ClientCircuit(peer: peer, relay: relay)
    deadlines.set(.circuit(id), to: now + configuration.dialTimeout)
    _ = open(.dial(id), to: relay)
    return id
  }

  /// Gives up a dial. A circuit that is open is ended by ending its stream.
  package mutating func cancelDial(_ id: CircuitID, at now: Instant) {
    self.now = now
    guard let circuit = circuits[id], !circuit.isOpen else { return }
    forget(id)
    if let stream = circuit.stream {
      streams[stream] = nil
      events.append(.reset(stream))
    }
  }

  /// Tells how many bytes a circuit has carried since the last time.
  package mutating func carried(_ id: CircuitID, sent: Int, received: Int, at now: Instant) {
    self.now = now
    guard var circuit = circuits[id] else { return }
    circuit.sentBytes &+= UInt64(clamping: sent)
    circuit.receivedBytes &+= UInt64(clamping: received)
    circuits[id] = circuit
    guard !circuit.isWarned, let limit = circuit.limit.bytes else { return }
    let carried = max(circuit.sentBytes, circuit.receivedBytes)
    guard carried >= limit - limit / 4 else { return }
    circuits[id]?.isWarned = true
    events.append(.circuitEnding(id, .bytes(left: limit - min(limit, carried))))
  }

  /// Open and wished for.
  package var circuitCount: Int { circuits.count }

  private func hasRoom(for peer: PeerID) -> Bool {
    circuits.count < configuration.circuitsMax
      && circuits.values.count { $0.peer == peer } < configuration.circuitsPerPeerMax
  }

  // MARK: Ours

  mutating func dialAnswered(
    _ id: CircuitID, _ status: Status, _ limit: Limit, early: ByteBuffer, on stream: StreamHandle
  ) {
    guard status == .ok else {
      streams[stream] = .answered
      deadlines.set(.stream(stream), to: now + configuration.acceptTimeout)
      events.append(.finish(stream))
      if early.readableBytes > 0 { events.append(.consumed(early.readableBytes, on: stream)) }
      return failDial(id, .refused(status))
    }
    counters.circuitsDialled += 1
    establish(id, limit, .outbound, early: early, on: stream)
  }

  mutating func dialFailed(_ id: CircuitID, _ failure: CircuitFailure) {
    guard let circuit = circuits[id], !circuit.isOpen else { return }
    if let stream = circuit.stream, streams[stream] != nil {
      streams[stream] = nil
      events.append(.reset(stream))
    }
    failDial(id, failure)
  }

  private mutating func failDial(_ id: CircuitID, _ failure: CircuitFailure) {
    forget(id)
    counters.circuitsFailed += 1
    events.append(.circuitFailed(id, failure))
  }

  mutating func forget(_ id: CircuitID) {
    circuits[id] = nil
    deadlines.set(.circuit(id), to: nil)
    // A dial has one stream at most on its way.
    if let open = opening.first(where: { if case .dial(id) = $0.value { true } else { false } })?.key {
      opening[open] = nil
    }
  }

  // MARK: Theirs

  mutating func accept(
    _ peer: PeerID, through relay: PeerID, _ limit: Limit, early: ByteBuffer, on stream: StreamHandle
  ) {
    guard peer != own, peer != relay, hasRoom(for: peer) else {
      counters.circuitsDenied += 1
      if early.readableBytes > 0 { events.append(.consumed(early.readableBytes, on: stream)) }
      return answer(peer == own || peer == relay ? .permissionDenied : .resourceLimitExceeded, on: stream)
    }
    circuitNumber += 1
    let id = CircuitID(rawValue: circuitNumber)
    counters.circuitsAccepted += 1
    circuits[id] = ClientCircuit(peer: peer, relay: relay)
    deadlines.set(.stream(stream), to: nil)
    events.append(.write(StopMessage.status(.ok).encoded, on: stream))
    establish(id, limit, .inbound, early: early, on: stream)
  }

  // MARK: Both

  private mutating func establish(
    _ id: CircuitID, _ limit: Limit, _ direction: CircuitDescription.Direction, early: ByteBuffer,
    on stream: StreamHandle
  ) {
    guard let circuit = circuits[id] else { return }
    streams[stream] = .circuit(id)
    circuits[id]?.stream = stream
    circuits[id]?.isOpen = true
    circuits[id]?.limit = limit
    circuits[id]?.endsAt = limit.duration.map { now + $0 }
    let warning = limit.duration.map { now + ($0 - min($0 / 4, configuration.warningLeadMax)) }
    deadlines.set(.circuit(id), to: warning)
    let description = CircuitDescription(
      id: id, peer: circuit.peer, relay: circuit.relay, limit: limit, direction: direction)
    events.append(.circuitOpened(description, on: stream, early: early))
  }

  /// A dial is late, or a circuit's time is nearly over.
  mutating func circuitIsDue(_ id: CircuitID) {
    guard let circuit = circuits[id] else { return }
    guard circuit.isOpen else {
      counters.timeouts += 1
      return dialFailed(id, .invalid(.timedOut))
    }
    guard !circuit.isWarned, let endsAt = circuit.endsAt else { return }
    circuits[id]?.isWarned = true
    events.append(.circuitEnding(id, .time(left: max(.zero, endsAt - now))))
  }
}
