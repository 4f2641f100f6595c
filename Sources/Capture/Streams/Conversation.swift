import NIOCore
import Wire

/// One TCP connection: what its segments say, and the channel in its bytes.
struct Conversation: Sendable {
  let number: Int
  /// Who the initiator is, as far as the packets tell, and the other end.
  let ends: (initiator: Endpoint, responder: Endpoint)
  private var initiator: Half
  private var responder: Half
  private var channel = Channel()
  private var crossing = Crossing.none
  private(set) var lastPacket: Stamp
  private(set) var heldBytes = 0
  /// Read no further.
  private var isGivenUp = false

  private struct Half: Sendable {
    var reassembly: Reassembly
    var synSequence: UInt32?
    /// By number, so that the same one again is not told.
    var finSequence: UInt32?
    /// It has answered the other side's SYN with one of its own.
    var hasAnswered = false
    /// It has acknowledged the other side's SYN.
    var hasAcknowledged = false
    /// Set by the first segment: where that is unsound, checksums are left to a device and say nothing.
    var hasChecksums: Bool?
    /// Bytes are missing; nothing behind them can be read.
    var isBroken = false
  }

  private enum Crossing {
    case none
    /// SYN has crossed SYN.
    case crossed
    /// And the connection came of it.
    case open
  }

  init(number: Int, first segment: TCPSegment, at stamp: Stamp, findings: inout Findings) {
    self.number = number
    let isAnswer = segment.flags.isSuperset(of: [.syn, .ack])
    ends =
      isAnswer ? (segment.destination, segment.source) : (segment.source, segment.destination)
    initiator = Half(reassembly: Reassembly(limits: findings.limits))
    responder = Half(reassembly: Reassembly(limits: findings.limits))
    lastPacket = stamp
    enterScope(&findings, at: stamp)
    if !segment.flags.contains(.syn) { findings.add(.note(.beginsMidway), by: .initiator) }
  }

  func role(of source: Endpoint) -> Role { source == ends.initiator ? .initiator : .responder }

  var isClosed: Bool { initiator.finSequence != nil && responder.finSequence != nil || wasReset }
  private var wasReset = false

  /// Whether a segment begins another connection between the same ends.
  func isOver(with segment: TCPSegment) -> Bool {
    guard segment.flags.contains(.syn) else { return false }
    let half = half(role(of: segment.source))
    if let known = half.synSequence { return known != segment.sequence }
    // A SYN that was refused crosses nothing.
    if wasReset { return true }
    // The first SYN of this side. It fits if its side's bytes were said to begin behind it.
    guard let base = half.reassembly.base else { return false }
    return base != segment.sequence &+ 1
  }

  private func half(_ side: Role) -> Half { side == .initiator ? initiator : responder }

  private mutating func withHalf<Result>(_ side: Role, _ body: (inout Half) -> Result) -> Result {
    side == .initiator ? body(&initiator) : body(&responder)
  }

  private func enterScope(_ findings: inout Findings, at stamp: Stamp) {
    findings.scope = Findings.Scope(connection: number, ends: ends)
    findings.stamp = stamp
  }

  // MARK: Inputs

  /// False when the segment is corrupt.
  mutating func receive(_ segment: TCPSegment, at stamp: Stamp, findings: inout Findings) -> Bool {
    lastPacket = stamp
    enterScope(&findings, at: stamp)
    let side = role(of: segment.source)
    guard isAccepted(segment, from: side) else { return false }
    if segment.flags.contains(.syn) { receiveSYN(segment, from: side, findings: &findings) }
    receiveAnswer(segment, from: side, findings: &findings)
    receivePayload(segment, from: side)
    if segment.flags.contains(.ack) {
      withHalf(side.opposite) { $0.reassembly.acknowledged(segment.acknowledgement, at: stamp) }
    }
    read(side, at: stamp, findings: &findings)
    read(side.opposite, at: stamp, findings: &findings)
    enterScope(&findings, at: stamp)
    receiveEnd(segment, from: side, findings: &findings)
    updateHeldBytes()
    return true
  }

  private mutating func isAccepted(_ segment: TCPSegment, from side: Role) -> Bool {
    withHalf(side) { half in
      let hasChecksums = half.hasChecksums ?? (segment.integrity != .corrupt)
      half.hasChecksums = hasChecksums
      return segment.integrity != .corrupt || !hasChecksums
    }
  }

  private mutating func receiveSYN(_ segment: TCPSegment, from side: Role, findings: inout Findings) {
    // Where SYNs have crossed, the answer is another segment than the SYN.
    let isRepeated =
      segment.flags.contains(.ack) ? half(side).hasAnswered : half(side).synSequence != nil
    withHalf(side) { half in
      half.synSequence = segment.sequence
      half.reassembly.begin(at: segment.sequence &+ 1)
    }
    if segment.flags.contains(.ack) {
      // Where the SYN itself is not in the capture, this tells its number.
      withHalf(side.opposite) { $0.reassembly.begin(at: segment.acknowledgement) }
      withHalf(side) { $0.hasAnswered = true }
      findings.add(.tcp(.synAck(isRepeated: isRepeated)), by: side)
      return
    }
    findings.add(.tcp(.syn(isRepeated: isRepeated)), by: side)
    if crossing == .none, side == .responder, initiator.synSequence != nil {
      crossing = .crossed
      findings.add(.tcp(.simultaneousOpen), by: side)
    }
  }

  private mutating func receiveAnswer(_ segment: TCPSegment, from side: Role, findings: inout Findings) {
    guard segment.flags.contains(.ack), let syn = half(side.opposite).synSequence,
      Int32(bitPattern: segment.acknowledgement &- syn) > 0
    else { return }
    withHalf(side) { $0.hasAcknowledged = true }
    guard crossing == .crossed, isEstablished else { return }
    crossing = .open
    let both = initiator.hasAnswered && responder.hasAnswered
    findings.add(.tcp(.simultaneouslyOpened(bothAnswered: both)), by: side)
  }

  /// Each side has acknowledged the other's SYN.
  private var isEstablished: Bool { initiator.hasAcknowledged && responder.hasAcknowledged }

  private mutating func receivePayload(_ segment: TCPSegment, from side: Role) {
    guard segment.payloadBytes > 0, !isGivenUp else { return }
    // Data on a SYN (RFC 7413) has the number behind it.
    let sequence = segment.flags.contains(.syn) ? segment.sequence &+ 1 : segment.sequence
    withHalf(side) { half in
      if !half.isBroken { half.reassembly.receive(segment.payload, at: sequence) }
    }
  }

  private mutating func receiveEnd(_ segment: TCPSegment, from side: Role, findings: inout Findings) {
    if segment.flags.contains(.fin) {
      let sequence = segment.sequence &+ UInt32(truncatingIfNeeded: segment.payloadBytes)
      let isNew = withHalf(side) { half in
        defer { half.finSequence = sequence }
        return half.finSequence != sequence
      }
      if isNew { findings.add(.tcp(.fin), by: side) }
    }
    if segment.flags.contains(.reset) {
      wasReset = true
      let isRefusal = !isEstablished && (initiator.synSequence ?? responder.synSequence) != nil
      findings.add(.tcp(.reset(isRefusal: isRefusal)), by: side)
    }
  }

  /// Reads what can be read to the end: no packet of this connection comes any more.
  mutating func finish(findings: inout Findings) {
    for side in Role.allCases { read(side, at: lastPacket, isEnd: true, findings: &findings) }
    enterScope(&findings, at: lastPacket)
    if !isGivenUp { channel.finish(findings: &findings) }
    channel = Channel()
    updateHeldBytes()
  }

  /// Lets go of everything held.
  mutating func giveUp(_ reason: String, findings: inout Findings) {
    enterScope(&findings, at: lastPacket)
    findings.add(.note(.limit(reason)), by: .initiator)
    isGivenUp = true
    channel = Channel()
    initiator.reassembly = Reassembly(limits: findings.limits)
    responder.reassembly = Reassembly(limits: findings.limits)
    updateHeldBytes()
  }

  /// More keys have come.
  mutating func retry(findings: inout Findings) {
    guard !isGivenUp, channel.isWaitingForKeys else { return }
    enterScope(&findings, at: lastPacket)
    channel.retry(findings: &findings)
    updateHeldBytes()
  }

  // MARK: Reading

  private mutating func read(
    _ side: Role, at stamp: Stamp, isEnd: Bool = false, findings: inout Findings
  ) {
    guard !isGivenUp else { return }
    while let output = withHalf(side, { $0.reassembly.next(at: stamp, isEnd: isEnd) }) {
      enterScope(&findings, at: stamp)
      switch output {
      case .missing(let count):
        withHalf(side) { $0.isBroken = true }
        findings.add(.note(.missing(bytes: count)), by: side)
      case .bytes(let bytes):
        guard !half(side).isBroken else { continue }
        channel.receive(Run(bytes: bytes, stamp: stamp), from: side, findings: &findings)
      }
    }
  }

  private mutating func updateHeldBytes() {
    heldBytes = initiator.reassembly.waitingBytes + responder.reassembly.waitingBytes + channel.heldBytes
  }
}
