import Identity
package import NIOCore
import OrderedCollections
package import SansIO
import Wire

// The streams on which servers are asked.
extension Client {
  // MARK: Inputs

  /// The stream that was asked for.
  package mutating func opened(_ open: OpenID, as stream: StreamHandle, at now: Instant) {
    self.now = now
    guard let peer = opening.removeValue(forKey: open), let question = questions[peer] else {
      return events.append(.reset(stream))
    }
    let addresses = question.addresses.map(\.address)
    streams[stream] = peer
    questions[peer]?.phase = .asked(
      stream, LengthPrefixedFrames(maxBytes: question.version.messageBytesMax), hasPaid: false)
    let message =
      switch question.version {
      case .v1: V1Message.dial(own, addresses).encoded
      case .v2: V2Message.dialRequest(addresses, nonce: question.nonce).encoded
      }
    events.append(.write(message, on: stream))
  }

  /// - Parameter isUnsupported: whether the peer does not speak the protocol, rather than being gone.
  package mutating func openFailed(_ open: OpenID, isUnsupported: Bool, at now: Instant) {
    self.now = now
    guard let peer = opening.removeValue(forKey: open), let question = questions[peer] else { return }
    if isUnsupported { servers[peer]?.versions.remove(question.version) }
    failed(peer)
  }

  /// Takes all of `bytes`, of a question's stream or of a dial-back one.
  package mutating func receive(_ bytes: inout ByteBuffer, from stream: StreamHandle, at now: Instant) {
    self.now = now
    events.append(.consumed(bytes.readableBytes, on: stream))
    defer { bytes.moveReaderIndex(to: bytes.writerIndex) }
    if dialBacks[stream] != nil { return dialBackReceived(&bytes, from: stream) }
    guard let peer = streams[stream],
      case .asked(let stream, var frames, let hasPaid)? = questions[peer]?.phase
    else { return }
    frames.receive(&bytes)
    questions[peer]?.phase = .asked(stream, frames, hasPaid: hasPaid)
    do throws(AutoNATError) {
      while let (question, frame) = try nextFrame(from: peer) { try take(frame, of: question, from: peer) }
    } catch {
      violated(peer, error)
    }
  }

  /// The other side will send no more.
  package mutating func remoteFinished(_ stream: StreamHandle, at now: Instant) {
    self.now = now
    if dialBacks[stream] != nil { return dialBackFinished(stream) }
    guard let peer = streams[stream], case .asked? = questions[peer]?.phase else { return }
    violated(peer, .endedEarly)
  }

  /// A stream is gone: reset, or both its halves are finished.
  package mutating func streamEnded(_ stream: StreamHandle, at now: Instant) {
    self.now = now
    deadlines.set(.stream(stream), to: nil)
    dialBacks[stream] = nil
    guard let peer = streams.removeValue(forKey: stream) else { return }
    switch questions[peer]?.phase {
    case .asked:
      counters.requestsFailed += 1
      failed(peer)
    // The nonce may still come.
    case .proving, .opening, nil: break
    }
  }

  mutating func questionIsLate(_ peer: PeerID) {
    switch questions[peer]?.phase {
    case .opening, .asked: violated(peer, .timedOut)
    case .proving: violated(peer, .unproven)
    case nil: break
    }
  }

  // MARK: Messages

  /// Nil also when no message is waited for.
  private mutating func nextFrame(
    from peer: PeerID
  ) throws(AutoNATError) -> (question: Question, frame: ByteBuffer)? {
    guard case .asked(let stream, var frames, let hasPaid)? = questions[peer]?.phase else { return nil }
    do {
      guard let frame = try frames.nextFrame() else { return nil }
      questions[peer]?.phase = .asked(stream, frames, hasPaid: hasPaid)
      return questions[peer].map { ($0, frame) }
    } catch { throw .malformedMessage }
  }

  private mutating func take(
    _ frame: ByteBuffer, of question: Question, from peer: PeerID
  ) throws(AutoNATError) {
    guard question.version == .v2 else { return try takeV1(frame, of: question, from: peer) }
    switch try V2Message(decoding: frame) {
    case .dialDataRequest(let index, let bytes): try pay(bytes, for: index, of: question, to: peer)
    case .dialResponse(let response): try take(response, of: question, from: peer)
    case .dialRequest, .dialData: throw .unexpectedMessage
    }
  }

  private mutating func takeV1(
    _ frame: ByteBuffer, of question: Question, from peer: PeerID
  ) throws(AutoNATError) {
    guard case .response(let status, _) = try V1Message(decoding: frame) else { throw .unexpectedMessage }
    switch status {
    case .ok: settle(peer, .node, isSuccess: true)
    case .dialError: settle(peer, .node, isSuccess: false)
    case .dialRefused:
      counters.dialsRefused += 1
      refused([.node], by: peer)
    case .badRequest, .internalError:
      counters.requestsRejected += 1
      failed(peer)
    case .other: throw .meaninglessStatus
    }
  }

  private mutating func take(
    _ response: V2Message.DialResponse, of question: Question, from peer: PeerID
  ) throws(AutoNATError) {
    switch response.status {
    case .ok: break
    case .dialRefused:
      counters.dialsRefused += 1
      return refused(question.addresses.map { .address($0.address) }, by: peer)
    case .requestRejected, .internalError:
      counters.requestsRejected += 1
      return failed(peer)
    case .other: throw .meaninglessStatus
    }
    let candidate = try candidate(response.index, of: question)
    switch (response.dialStatus, question.proof) {
    case (.dialError, nil): settle(peer, .address(candidate.address), isSuccess: false)
    case (.dialError, _?): throw .contradiction
    // The server could not know that the nonce arrived; we do.
    case (.ok, let proof?), (.dialBackError, let proof?): try judge(proof, of: candidate, by: peer)
    case (.ok, nil):
      guard case .asked(let stream, _, _) = question.phase else { return }
      questions[peer]?.phase = .proving(stream, candidate)
      deadlines.set(.question(peer), to: now + configuration.proofTimeout)
    case (.dialBackError, nil), (.unused, _), (.other, _): throw .meaninglessStatus
    }
  }

  private func candidate(_ index: UInt32, of question: Question) throws(AutoNATError) -> Candidate {
    guard let index = Int(exactly: index), question.addresses.indices.contains(index) else {
      throw .indexOutOfRange
    }
    return question.addresses[index]
  }

  mutating func judge(_ proof: Multiaddr, of candidate: Candidate, by peer: PeerID) throws(AutoNATError) {
    guard candidate.leads(to: proof) else { throw .contradiction }
    settle(peer, .address(candidate.address), isSuccess: true)
  }

  // MARK: Dial data

  /// Pays once, in frames that all servers read, what it costs to have another IP dialled.
  private mutating func pay(
    _ bytes: UInt64, for index: UInt32, of question: Question, to peer: PeerID
  ) throws(AutoNATError) {
    guard case .asked(let stream, let frames, let hasPaid) = question.phase, !hasPaid else {
      throw .unexpectedMessage
    }
    let candidate = try candidate(index, of: question)
    guard let bytes = Int(exactly: bytes), bytes <= dialDataBytes.upperBound else { throw .dialDataRefused }
    guard candidate.source != .observed, dialDataBudget.take(at: now) else {
      counters.dialDataRefused += 1
      return refused([.address(candidate.address)], by: peer, withoutFinish: true)
    }
    counters.dialDataBytes += UInt64(bytes)
    questions[peer]?.phase = .asked(stream, frames, hasPaid: true)
    let whole = V2Message.dialData(bytes: V2Message.dataBytesMax).encoded
    for _ in 0..<(bytes / V2Message.dataBytesMax) { events.append(.write(whole, on: stream)) }
    let rest = bytes % V2Message.dataBytesMax
    if rest > 0 { events.append(.write(V2Message.dialData(bytes: rest).encoded, on: stream)) }
  }

  // MARK: Ends

  private mutating func settle(_ peer: PeerID, _ subject: Question.Subject, isSuccess: Bool) {
    guard let question = questions[peer] else { return }
    // What was to be found out was passed over for another address.
    if subject != question.subject { update(question.subject) { $0.refusals[question.network] = $1 } }
    close(peer)
    servers[peer]?.answered(at: now, pause: configuration.pause(after: question.version))
    record(isSuccess, about: subject, by: question.network)
    ask()
  }

  /// - Parameter withoutFinish: it is we who do not go on ("the client resets the stream").
  private mutating func refused(
    _ subjects: [Question.Subject], by peer: PeerID, withoutFinish: Bool = false
  ) {
    guard let question = questions[peer] else { return }
    for subject in subjects { update(subject) { $0.refusals[question.network] = $1 } }
    if withoutFinish { drop(peer) } else { close(peer) }
    servers[peer]?.answered(at: now, pause: configuration.pause(after: question.version))
    review()
    ask()
  }

  mutating func violated(_ peer: PeerID, _ error: AutoNATError) {
    counters.requestsFailed += 1
    switch error {
    case .malformedMessage, .malformedPeer, .endedEarly: counters.malformedMessages += 1
    case .unexpectedMessage, .dialDataTooSmall: counters.unexpectedMessages += 1
    case .indexOutOfRange, .meaninglessStatus: counters.meaninglessAnswers += 1
    case .dialDataRefused: counters.dialDataRefused += 1
    case .unproven, .contradiction: counters.lies += 1
    case .timedOut: counters.timeouts += 1
    }
    failed(peer)
  }

  /// The server is left alone for a while.
  private mutating func failed(_ peer: PeerID) {
    drop(peer)
    servers[peer]?.failed(at: now, configuration)
    ask()
  }

  /// A question that has its answer: the stream ends in order.
  private mutating func close(_ peer: PeerID) {
    guard let question = remove(peer), let stream = question.stream, streams[stream] != nil else { return }
    streams[stream] = nil
    events.append(.finish(stream))
    deadlines.set(.stream(stream), to: now + configuration.dialBackTimeout)
  }

  /// A question that will have none.
  mutating func drop(_ peer: PeerID) {
    guard let question = remove(peer), let stream = question.stream, streams[stream] != nil else { return }
    streams[stream] = nil
    events.append(.reset(stream))
  }

  private mutating func remove(_ peer: PeerID) -> Question? {
    guard let question = questions.removeValue(forKey: peer) else { return nil }
    if case .opening(let open) = question.phase { opening[open] = nil }
    deadlines.set(.question(peer), to: nil)
    update(question.subject) { inquiry, _ in inquiry.isAsked = false }
    return question
  }
}
