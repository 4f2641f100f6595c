import CircuitRelay
import Identity
import NIOCore
import SansIO
import Wire

/// Hop and stop streams of Circuit Relay v2: a request, its answer, and behind a granted circuit the
/// connection between its two ends.
///
/// The initiator of that connection is whoever asked the relay for it. On a hop stream that is the opener; on
/// a stop stream the relay has opened, and stands for it.
struct RelayDissector: StreamDissector {
  private enum Leg: Sendable {
    case hop, stop

    var relay: Role { self == .hop ? .responder : .initiator }
  }

  private enum Request: Sendable {
    case reservation
    case circuit(with: PeerID, Limit)
  }

  private let leg: Leg
  private var exchange: Exchange? = Exchange(bytesMax: messageBytesMax)
  private var request: Request?
  private var carried: CarriedBytes?
  private var channel: InnerChannel?

  init?(_ name: ProtocolName, limits: Limits) {
    switch name {
    case .relayHop: leg = .hop
    case .relayStop: leg = .stop
    default: return nil
    }
  }

  var heldBytes: Int { (exchange?.heldBytes ?? 0) + (channel?.heldBytes ?? 0) }
  var isWaitingForKeys: Bool { channel?.isWaitingForKeys ?? false }

  // MARK: Inputs

  mutating func receive(_ bytes: ByteBuffer, from side: Role, findings: inout Findings) {
    guard exchange != nil else { return carry(bytes, from: side, findings: &findings) }
    exchange?.receive(Run(bytes: bytes, stamp: findings.stamp), from: side)
    let now = findings.stamp
    read(findings: &findings)
    findings.stamp = now
  }

  mutating func finished(_ side: Role, findings: inout Findings) {
    guard carried?.finish(side) == true else { return }
    endCircuit(wasReset: false, by: side, findings: &findings)
  }

  mutating func wasReset(by side: Role, findings: inout Findings) {
    endCircuit(wasReset: true, by: side, findings: &findings)
  }

  mutating func retry(findings: inout Findings) {
    channel?.retry(findings: &findings)
  }

  mutating func ended(findings: inout Findings) {
    giveUp(findings: &findings)
    channel?.ended(findings: &findings)
  }

  // MARK: The messages

  private mutating func read(findings: inout Findings) {
    var speaker = Role.initiator
    do {
      while let (side, message) = try exchange?.nextMessage() {
        speaker = side
        findings.stamp = message.stamp
        switch side {
        case .initiator: try readRequest(message.bytes, findings: &findings)
        case .responder: return try readAnswer(message.bytes, findings: &findings)
        }
      }
      if let held = exchange?.heldBytes, held > findings.limits.unexplainedBytesMax {
        findings.add(.note(.limit("the relay has not answered in \(held) bytes")), by: .initiator)
        giveUp(findings: &findings)
      }
    } catch {
      findings.add(.note(.malformed("relay: \(error)")), by: speaker)
      giveUp(findings: &findings)
    }
  }

  private mutating func readRequest(
    _ frame: ByteBuffer, findings: inout Findings
  ) throws(CircuitRelayError) {
    switch leg {
    case .hop:
      switch try HopMessage(decoding: frame) {
      case .reserve:
        request = .reservation
        findings.add(.relay(.reservationAsked), by: .initiator)
      case .connect(let peer):
        request = .circuit(with: peer, .unlimited)
        findings.add(.relay(.circuitAsked(to: peer)), by: .initiator)
      case .status: throw .unexpectedMessage
      }
    case .stop:
      guard case .connect(let peer, let limit) = try StopMessage(decoding: frame) else {
        throw .unexpectedMessage
      }
      request = .circuit(with: peer, limit)
      findings.add(.relay(.circuitOffered(from: peer, limit)), by: .initiator)
    }
  }

  private mutating func readAnswer(
    _ frame: ByteBuffer, findings: inout Findings
  ) throws(CircuitRelayError) {
    let rest = exchange?.takeRest() ?? []
    exchange = nil
    let turnaround = Turnaround(findings)
    switch request {
    case nil: preconditionFailure("an answer is read behind its request")
    case .reservation:
      guard case .status(let status, let reservation, let limit) = try HopMessage(decoding: frame) else {
        throw .unexpectedMessage
      }
      let answer: RelayFact =
        status == .ok
        ? .reservationGranted(GrantedReservation(reservation, limit, findings), turnaround)
        : .reservationRefused(status, turnaround)
      findings.add(.relay(answer), by: .responder)
    case .circuit(let peer, let offered):
      let (status, limit) = try circuitAnswer(frame, offered)
      guard status == .ok else {
        findings.add(
          .relay(
            leg == .hop
              ? .circuitRefused(to: peer, status, turnaround)
              : .circuitDeclined(from: peer, status, turnaround)),
          by: .responder)
        break
      }
      findings.add(
        .relay(
          leg == .hop
            ? .circuitOpened(to: peer, limit, turnaround) : .circuitAccepted(from: peer, limit, turnaround)),
        by: .responder)
      let other = findings.scope.peer(of: leg.relay.opposite)
      let (initiator, target) = leg == .hop ? (other, peer) : (peer, other)
      carried = CarriedBytes(from: initiator, to: target, limit: limit)
      channel = InnerChannel(through: leg.relay, from: initiator, to: target, findings: findings)
    }
    for (side, run) in rest {
      findings.stamp = run.stamp
      carry(run.bytes, from: side, findings: &findings)
    }
  }

  /// Of the two answers only a hop's has a limit; that of a stop stands in the request.
  private func circuitAnswer(
    _ frame: ByteBuffer, _ offered: Limit
  ) throws(CircuitRelayError) -> (Status, Limit) {
    switch leg {
    case .hop:
      if case .status(let status, _, let limit) = try HopMessage(decoding: frame) { return (status, limit) }
    case .stop:
      if case .status(let status) = try StopMessage(decoding: frame) { return (status, offered) }
    }
    throw .unexpectedMessage
  }

  // MARK: What is behind them

  private mutating func carry(_ bytes: ByteBuffer, from side: Role, findings: inout Findings) {
    guard bytes.readableBytes > 0 else { return }
    guard channel != nil else { return findings.add(.opaque(OpaqueBytes(bytes)), by: side) }
    carried?.add(bytes.readableBytes, from: side)
    channel?.receive(bytes, from: side, findings: &findings)
  }

  private mutating func endCircuit(wasReset: Bool, by side: Role, findings: inout Findings) {
    guard let ended = carried else { return }
    carried = nil
    findings.add(.relay(.circuitEnded(EndedCircuit(ended, wasReset: wasReset))), by: side)
  }

  /// There is no circuit; what came as if there were is shown as bytes.
  private mutating func giveUp(findings: inout Findings) {
    let rest = exchange?.takeRest() ?? []
    exchange = nil
    for (side, run) in rest {
      findings.stamp = run.stamp
      carry(run.bytes, from: side, findings: &findings)
    }
  }
}

/// What went through a circuit so far.
private struct CarriedBytes: Sendable {
  let initiator: PeerID?
  let target: PeerID?
  let limit: Limit
  private(set) var sent: UInt64 = 0
  private(set) var received: UInt64 = 0
  private var finished: Set<Role> = []

  init(from initiator: PeerID?, to target: PeerID?, limit: Limit) {
    self.initiator = initiator
    self.target = target
    self.limit = limit
  }

  mutating func add(_ count: Int, from side: Role) {
    switch side {
    case .initiator: sent &+= UInt64(count)
    case .responder: received &+= UInt64(count)
    }
  }

  /// True when both have.
  mutating func finish(_ side: Role) -> Bool {
    finished.insert(side)
    return finished.count == Role.allCases.count
  }
}

extension EndedCircuit {
  fileprivate init(_ carried: CarriedBytes, wasReset: Bool) {
    initiator = carried.initiator
    target = carried.target
    sentBytes = carried.sent
    receivedBytes = carried.received
    limit = carried.limit
    self.wasReset = wasReset
  }
}

extension Turnaround {
  fileprivate init(_ findings: Findings) {
    roundTrips = findings.scope.pace.roundTrips
    nanoseconds = (findings.stamp.time - findings.scope.pace.began).clampedNanoseconds
  }
}

extension GrantedReservation {
  fileprivate init(_ reservation: Reservation?, _ limit: Limit, _ findings: Findings) {
    let scope = findings.scope
    let now = Int64(findings.stamp.time.nanoseconds / 1_000_000_000)
    expiration = reservation?.expiration
    lifetimeSeconds = expiration.map { Int64(clamping: $0) - now }
    addresses = reservation?.addresses ?? []
    self.limit = limit
    voucher = Voucher(reservation?.voucher, from: scope.peer(of: .responder), to: scope.peer(of: .initiator))
  }
}

extension GrantedReservation.Voucher {
  fileprivate init(_ envelope: [UInt8]?, from relay: PeerID?, to peer: PeerID?) {
    guard let envelope else {
      self = .absent
      return
    }
    guard let relay, let peer else {
      self = .unverifiable
      return
    }
    do throws(CircuitRelayError) {
      self = .valid(expiration: try CircuitRelay.Voucher.open(envelope, from: relay, to: peer).expiration)
    } catch {
      self = .invalid("\(error)")
    }
  }
}
