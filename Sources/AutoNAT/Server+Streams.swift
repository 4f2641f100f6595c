package import Identity
package import NIOCore
package import SansIO
package import Wire

// Streams: what peers open, what arrives, how requests end.
extension Server {
  // MARK: Inputs

  /// A peer has opened a stream of this version.
  /// - Parameters:
  ///   - remote: where its connection comes from.
  ///   - isRelayed: whether that is a circuit of some relay.
  package mutating func streamOpened(
    _ stream: StreamHandle, _ version: Version, by peer: PeerID, from remote: Multiaddr, isRelayed: Bool,
    at now: Instant
  ) {
    self.now = now
    guard requests[stream] == nil else { return }
    guard requests.count < configuration.streamsMax,
      streamsOfPeer[peer, default: 0] < configuration.streamsPerPeerMax
    else {
      counters.streamsOverLimit += 1
      return events.append(.reset(stream))
    }
    let isCircuit = isRelayed || remote.isCircuit
    requests[stream] = Request(
      version: version, peer: peer, observed: isCircuit ? nil : Target(remote),
      phase: .reading(LengthPrefixedFrames(maxBytes: version.messageBytesMax)))
    streamsOfPeer[peer, default: 0] += 1
    unansweredOfPeer[peer, default: 0] += 1
    deadlines.set(stream, to: now + configuration.requestTimeout)
    if isCircuit {
      // Whose address this is, is not to be known, and an answer would say nothing (v1, "AutoNAT Protocol").
      counters.refusedRelayed += 1
      return refuse(stream, .requestRejected)
    }
    guard unansweredOfPeer[peer, default: 0] <= configuration.requestsPerPeerMax else {
      counters.refusedConcurrency += 1
      return refuse(stream, .requestRejected)
    }
    guard limiters[version]?.allow(peer, from: requests[stream]?.observed?.ip, at: now) == true else {
      counters.refusedRate += 1
      return refuse(stream, .requestRejected)
    }
  }

  /// Takes all of `bytes`, of a peer's stream or of one that was asked for.
  package mutating func receive(_ bytes: inout ByteBuffer, from stream: StreamHandle, at now: Instant) {
    self.now = now
    events.append(.consumed(bytes.readableBytes, on: stream))
    defer { bytes.moveReaderIndex(to: bytes.writerIndex) }
    if let request = dialBacks[stream] { return dialBackReceived(&bytes, for: request) }
    switch requests[stream]?.phase {
    case .reading(var frames):
      frames.receive(&bytes)
      requests[stream]?.phase = .reading(frames)
    case .collecting(var frames, let choice, let owed):
      frames.receive(&bytes)
      requests[stream]?.phase = .collecting(frames, choice, owedBytes: owed)
    case .trying, .delaying, .dialing, .opening, .greeting, .answered, nil: return
    }
    do throws(AutoNATError) {
      while let frame = try nextFrame(of: stream) { try take(frame, from: stream) }
    } catch {
      violated(stream, error)
    }
  }

  /// The peer will send no more.
  package mutating func remoteFinished(_ stream: StreamHandle, at now: Instant) {
    self.now = now
    if let request = dialBacks[stream] { return dialBackFinished(for: request) }
    switch requests[stream]?.phase {
    case .reading, .collecting: violated(stream, .endedEarly)
    case .trying, .delaying, .dialing, .opening, .greeting, .answered, nil: break
    }
  }

  /// A stream is gone: reset, or both its halves are finished.
  package mutating func streamEnded(_ stream: StreamHandle, at now: Instant) {
    self.now = now
    if let request = dialBacks[stream] { return dialBackLost(for: request) }
    guard let request = requests[stream] else { return }
    if !request.isAnswered { counters.requestsAbandoned += 1 }
    abandon(request.phase)
    forget(stream)
  }

  // MARK: Messages

  /// Nil also when no message is waited for.
  private mutating func nextFrame(of stream: StreamHandle) throws(AutoNATError) -> ByteBuffer? {
    do {
      switch requests[stream]?.phase {
      case .reading(var frames):
        let frame = try frames.nextFrame()
        requests[stream]?.phase = .reading(frames)
        return frame
      case .collecting(var frames, let choice, let owed):
        let frame = try frames.nextFrame()
        requests[stream]?.phase = .collecting(frames, choice, owedBytes: owed)
        return frame
      case .trying, .delaying, .dialing, .opening, .greeting, .answered, nil: return nil
      }
    } catch { throw .malformedMessage }
  }

  private mutating func take(_ frame: ByteBuffer, from stream: StreamHandle) throws(AutoNATError) {
    guard let request = requests[stream] else { return }
    switch request.version {
    case .v1: try takeV1(frame, of: request, on: stream)
    case .v2: try takeV2(frame, of: request, on: stream)
    }
  }

  // MARK: Ends

  /// What has no answer is reset.
  mutating func violated(_ stream: StreamHandle, _ error: AutoNATError) {
    switch error {
    case .timedOut: counters.timeouts += 1
    case .endedEarly: counters.endedEarly += 1
    case .unexpectedMessage: counters.unexpectedMessages += 1
    case .dialDataTooSmall: counters.dialDataTooSmall += 1
    case .malformedMessage, .malformedPeer, .indexOutOfRange, .meaninglessStatus, .dialDataRefused,
      .unproven, .contradiction:
      counters.malformedMessages += 1
    }
    forget(stream)
    events.append(.reset(stream))
  }

  /// Version 1 has one word for every reason.
  mutating func refuse(_ stream: StreamHandle, _ status: V2Message.Status) {
    switch requests[stream]?.version {
    case .v1: answer(stream, V1Message.response(.dialRefused, nil).encoded)
    case .v2: answer(stream, V2Message.dialResponse(.init(status)).encoded)
    case nil: break
    }
  }

  mutating func answer(_ stream: StreamHandle, _ choice: Request.Choice, _ status: V2Message.DialStatus) {
    counters.requestsAnswered += 1
    answer(stream, V2Message.dialResponse(.init(.ok, index: choice.index, status)).encoded)
  }

  /// Says the last that is to be said to a peer.
  mutating func answer(_ stream: StreamHandle, _ bytes: ByteBuffer) {
    guard let request = requests[stream], !request.isAnswered else { return }
    count(&unansweredOfPeer, request.peer, -1)
    requests[stream]?.phase = .answered
    deadlines.set(stream, to: now + configuration.lingerTimeout)
    events.append(.write(bytes, on: stream))
    events.append(.finish(stream))
  }

  mutating func forget(_ stream: StreamHandle) {
    guard let request = requests.removeValue(forKey: stream) else { return }
    count(&streamsOfPeer, request.peer, -1)
    if !request.isAnswered { count(&unansweredOfPeer, request.peer, -1) }
    deadlines.set(stream, to: nil)
  }

  private func count(_ counts: inout [PeerID: Int], _ peer: PeerID, _ change: Int) {
    let sum = counts[peer, default: 0] + change
    counts[peer] = sum > 0 ? sum : nil
  }
}
