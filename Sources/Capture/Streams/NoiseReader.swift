import DequeModule
import NIOCore
import Noise
import Wire

/// Noise as it stands on the wire: frames cut, the handshake and what follows opened where there are keys.
struct NoiseReader: Sendable {
  /// One direction.
  private struct Half: Sendable {
    /// Of a frame whose end has not come.
    var partial = ByteBuffer()
    /// Whole frames, lengths included, not yet read.
    var frames: Deque<Run> = []
    var queuedBytes = 0
    var opener: FrameOpener?
    /// After the handshake.
    var messages: UInt64 = 0
    /// From here on nothing can be opened.
    var isSealed = false

    var heldBytes: Int { partial.readableBytes + queuedBytes }

    mutating func receive(_ run: Run) {
      partial.writeImmutableBuffer(run.bytes)
      while let length = partial.number(at: 0, as: UInt16.self),
        let frame = partial.readSlice(length: TransportFrame.lengthBytes + Int(length))
      {
        frames.append(Run(bytes: frame, stamp: run.stamp))
        queuedBytes += frame.readableBytes
      }
      // What was read is still held by its slices; the rest shall not hold all of it.
      partial = ByteBuffer(partial.readableBytesView)
    }

    mutating func popFirst() -> Run? {
      guard let frame = frames.popFirst() else { return nil }
      queuedBytes -= frame.bytes.readableBytes
      return frame
    }
  }

  private enum Progress: Hashable {
    case first, reply, final, transport
  }

  private var progress = Progress.first
  private var initiator = Half()
  private var responder = Half()
  private var first: [UInt8] = []
  private var ephemeral: [UInt8] = []
  private var handshake: RecordedHandshake?
  private var saidNoKeys = false
  private var muxer = MuxerReader()
  /// Its own; a connection inside may lack others.
  private var lacksKeys = false

  var isWaitingForKeys: Bool { lacksKeys || muxer.isWaitingForKeys }
  var heldBytes: Int { initiator.heldBytes + responder.heldBytes + muxer.heldBytes }

  mutating func receive(_ run: Run, from side: Role, findings: inout Findings) {
    withHalf(side) { $0.receive(run) }
    read(findings: &findings)
  }

  /// More keys have come.
  mutating func retry(findings: inout Findings) {
    read(findings: &findings)
    muxer.retry(findings: &findings)
  }

  mutating func finish(findings: inout Findings) {
    read(isEnd: true, findings: &findings)
    muxer.finish(findings: &findings)
  }

  private mutating func withHalf<Result>(_ side: Role, _ body: (inout Half) -> Result) -> Result {
    side == .initiator ? body(&initiator) : body(&responder)
  }

  // MARK: Frames in their order

  /// Reads what can be read.
  private mutating func read(isEnd: Bool = false, findings: inout Findings) {
    lacksKeys = false
    while let side = nextSpeaker {
      // What is not opened now never is.
      let isLast = isEnd || findings.keys.isComplete || isOverfull(findings.limits)
      if needsKeys(side, findings: findings), !isLast {
        lacksKeys = true
        return
      }
      guard let frame = withHalf(side, { $0.popFirst() }) else { return }
      findings.stamp = frame.stamp
      switch progress {
      case .first: readFirst(frame, findings: &findings)
      case .reply: readReply(frame, findings: &findings)
      case .final where side == .initiator: readFinal(frame, findings: &findings)
      case .final, .transport: readTransport(frame, from: side, findings: &findings)
      }
    }
  }

  /// Whose frame comes next: the handshake's in their order, then as they were captured.
  private var nextSpeaker: Role? {
    switch progress {
    case .first: return initiator.frames.isEmpty ? nil : .initiator
    case .reply: return responder.frames.isEmpty ? nil : .responder
    case .final, .transport:
      guard let ours = initiator.frames.first else { return responder.frames.isEmpty ? nil : .responder }
      guard let theirs = responder.frames.first else { return .initiator }
      return theirs.stamp < ours.stamp ? .responder : .initiator
    }
  }

  private func isOverfull(_ limits: Limits) -> Bool {
    initiator.queuedBytes + responder.queuedBytes > limits.unexplainedBytesMax
  }

  private func needsKeys(_ side: Role, findings: Findings) -> Bool {
    switch progress {
    case .first: return false
    case .reply: return findings.keys.keys(of: ephemeral)?.handshake == nil
    case .final where side == .initiator: return false
    case .final, .transport:
      let half = side == .initiator ? initiator : responder
      guard half.opener == nil, !half.isSealed else { return false }
      return findings.keys.keys(of: ephemeral)?.transport == nil
    }
  }

  // MARK: Handshake

  private mutating func readFirst(_ frame: Run, findings: inout Findings) {
    first = frame.message
    ephemeral = Array(first.prefix(32))
    progress = .reply
    findings.add(.noise(.handshake(.first, bytes: first.count, introducing: nil)), by: .initiator)
  }

  private mutating func readReply(_ frame: Run, findings: inout Findings) {
    progress = .final
    if let keys = findings.keys.keys(of: ephemeral)?.handshake {
      var recorded = RecordedHandshake(keys: keys)
      // Message 1 is in the clear; what is wrong with it shows in the tags that follow.
      if (try? recorded.open(.first, first)) != nil { handshake = recorded }
    } else {
      sayNoKeys(findings: &findings)
    }
    first = []
    introduce(frame, .reply, by: .responder, findings: &findings)
  }

  private mutating func readFinal(_ frame: Run, findings: inout Findings) {
    progress = .transport
    introduce(frame, .final, by: .initiator, findings: &findings)
    handshake = nil
  }

  private mutating func introduce(
    _ frame: Run, _ message: HandshakeMessage, by side: Role, findings: inout Findings
  ) {
    let sealed = frame.message
    var introduction: NoiseFact.Introduction?
    var note: Note?
    do throws(NoiseError) {
      if let contents = try handshake?.open(message, sealed), let said = try contents.introduction() {
        introduction = NoiseFact.Introduction(peer: said.peer, muxers: said.muxers)
        findings.scope.prove(said.peer, at: side)
      }
    } catch .handshakeNotAuthentic {
      handshake = nil
      note = .wrongHandshakeKeys(message)
    } catch {
      handshake = nil
      note = .untrustedHandshake("\(error)")
    }
    findings.add(
      .noise(.handshake(message, bytes: sealed.count, introducing: introduction)), by: side)
    if let note { findings.add(.note(note), by: side) }
  }

  private mutating func sayNoKeys(findings: inout Findings) {
    if !saidNoKeys { findings.add(.note(.noKeys(ephemeral: ephemeral)), by: .initiator) }
    saidNoKeys = true
  }

  // MARK: Transport

  private mutating func readTransport(_ frame: Run, from side: Role, findings: inout Findings) {
    findOpener(side, findings: &findings)
    let bytes = frame.bytes.readableBytes - TransportFrame.lengthBytes
    var plaintexts: [ByteBuffer] = []
    let wrong: UInt64? = withHalf(side) { half in
      half.messages += 1
      guard half.opener != nil else { return nil }
      do throws(NoiseError) {
        try half.opener?.receive(frame.bytes)
        while let plaintext = half.opener?.nextPlaintext() { plaintexts.append(plaintext) }
        return nil
      } catch {
        half.isSealed = true
        half.opener = nil
        return half.messages
      }
    }
    if let wrong { findings.add(.note(.wrongTransportKeys(message: wrong)), by: side) }
    if withHalf(side, { $0.isSealed }) {
      findings.add(.noise(.sealed(bytes: bytes)), by: side)
    }
    for plaintext in plaintexts {
      muxer.receive(Run(bytes: plaintext, stamp: frame.stamp), from: side, findings: &findings)
    }
  }

  private mutating func findOpener(_ side: Role, findings: inout Findings) {
    let isNew = withHalf(side) { $0.opener == nil && !$0.isSealed }
    guard isNew else { return }
    guard let keys = findings.keys.keys(of: ephemeral)?.transport else {
      sayNoKeys(findings: &findings)
      withHalf(side) { $0.isSealed = true }
      return
    }
    let ciphers = keys.ciphers
    withHalf(side) {
      $0.opener = FrameOpener(
        side == .initiator ? ciphers.initiatorToResponder : ciphers.responderToInitiator)
    }
  }
}

extension Run {
  /// Of a Noise frame, without its length.
  fileprivate var message: [UInt8] { Array(bytes.readableBytesView.dropFirst(TransportFrame.lengthBytes)) }
}
