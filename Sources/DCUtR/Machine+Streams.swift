package import Identity
package import NIOCore
import OrderedCollections
package import SansIO
import Wire

// The exchange: CONNECT, CONNECT, SYNC.
extension Machine {
  // MARK: Inputs

  /// The stream that was asked for; what is written on it goes out at once, or behind the negotiation's
  /// offer.
  package mutating func opened(_ open: OpenID, as stream: StreamHandle, at now: Instant) {
    self.now = now
    guard let peer = opening.removeValue(forKey: open) else { return events.append(.reset(stream)) }
    upgrades[peer]?.phase = .asking(stream, since: now)
    streams[stream] = .asking(peer, LengthPrefixedFrames(maxBytes: messageBytesMax))
    events.append(.write(Message.connect(ours.addresses).encoded, on: stream))
  }

  /// - Parameter isUnsupported: whether the peer does not speak the protocol, rather than being gone.
  package mutating func openFailed(_ open: OpenID, isUnsupported: Bool, at now: Instant) {
    self.now = now
    guard let peer = opening.removeValue(forKey: open) else { return }
    attemptFailed(peer, isUnsupported ? .notSpoken : .circuitClosed)
  }

  /// A peer has opened a stream of the protocol.
  package mutating func streamOpened(_ stream: StreamHandle, by peer: PeerID, at now: Instant) {
    self.now = now
    guard streams[stream] == nil else { return }
    guard let upgrade = upgrades[peer],
      upgrade.relayed.contains(where: { $0.connection == stream.connection && !$0.isInbound })
    else {
      counters.streamsOutOfPlace += 1
      return events.append(.reset(stream))
    }
    guard upgrades[peer]?.streams.take(at: now) == true else {
      counters.streamsLimited += 1
      return events.append(.reset(stream))
    }
    guard inboundCount < configuration.streamsMax,
      upgrade.isActive || activeCount < configuration.upgradesMax
    else {
      counters.streamsTooMany += 1
      return events.append(.reset(stream))
    }
    if upgrade.isExchanging {
      guard peer < own else {
        counters.collisionsRefused += 1
        return events.append(.reset(stream))
      }
      yield(to: peer)
    }
    streams[stream] = .answering(peer, LengthPrefixedFrames(maxBytes: messageBytesMax))
    deadlines.set(.stream(stream), to: now + configuration.streamTimeout)
  }

  /// Takes all of `bytes`.
  package mutating func receive(_ bytes: inout ByteBuffer, from stream: StreamHandle, at now: Instant) {
    self.now = now
    events.append(.consumed(bytes.readableBytes, on: stream))
    guard var frames = frames(of: stream) else { return bytes.moveReaderIndex(to: bytes.writerIndex) }
    frames.receive(&bytes)
    do throws(DCUtRError) {
      while let frame = try nextFrame(&frames) {
        keep(frames, of: stream)
        try take(try Message(decoding: frame), from: stream)
        guard self.frames(of: stream) != nil else { return }
      }
      keep(frames, of: stream)
    } catch {
      violated(stream, error)
    }
  }

  /// The peer will send no more.
  package mutating func remoteFinished(_ stream: StreamHandle, at now: Instant) {
    self.now = now
    switch streams[stream] {
    case .asking, .answering: violated(stream, .endedEarly)
    case .synchronising:
      counters.exchangesAbandoned += 1
      finish(stream)
    case .done, nil: break
    }
  }

  /// A stream is gone.
  /// - Parameter wasRefused: whether the peer does not speak the protocol of a stream of ours, which may be
  ///   known only after it was used.
  package mutating func streamEnded(_ stream: StreamHandle, wasRefused: Bool = false, at now: Instant) {
    self.now = now
    let state = streams.removeValue(forKey: stream)
    deadlines.set(.stream(stream), to: nil)
    switch state {
    case .asking(let peer, _):
      let isOpen = upgrades[peer]?.relayed.contains { $0.connection == stream.connection } == true
      attemptFailed(peer, wasRefused ? .notSpoken : isOpen ? .refusedByPeer : .circuitClosed)
    case .synchronising: counters.exchangesAbandoned += 1
    case .answering, .done, nil: break
    }
  }

  // MARK: What is said

  private mutating func take(_ message: Message, from stream: StreamHandle) throws(DCUtRError) {
    switch (streams[stream], message) {
    case (.asking(let peer, _), .connect(let addresses)):
      guard case .asking(_, let since) = upgrades[peer]?.phase else { throw .unexpectedMessage }
      answered(peer, with: candidates(addresses, of: peer), after: now - since, on: stream)
    case (.answering(let peer, let frames), .connect(let addresses)):
      let theirs = candidates(addresses, of: peer)
      streams[stream] = .synchronising(
        peer, .init(theirs: theirs, ours: ours, roundTrip: .zero), since: now, frames)
      events.append(.write(Message.connect(ours.addresses).encoded, on: stream))
    case (.synchronising(let peer, let exchange, let since, _), .sync):
      finish(stream)
      let roundTrip = min(now - since, configuration.roundTripMax)
      answer(peer, .init(theirs: exchange.theirs, ours: exchange.ours, roundTrip: roundTrip))
    case (.asking, .sync), (.answering, .sync), (.synchronising, .connect): throw .unexpectedMessage
    case (.done, _), (nil, _): break
    }
  }

  /// Nothing that is dialled is worse than one of identify's addresses, so without any those are taken.
  private mutating func candidates(_ said: [Multiaddr], of peer: PeerID) -> Candidates {
    let candidates = Candidates(said, of: peer, notOf: ours, limits: configuration)
    counters.addressesDropped += UInt64(candidates.dropped)
    guard candidates.isEmpty, let described = upgrades[peer]?.description?.addresses else {
      return candidates
    }
    return Candidates(described, of: peer, notOf: ours, limits: configuration)
  }

  /// A has sent its CONNECT.
  private mutating func answered(
    _ peer: PeerID, with theirs: Candidates, after roundTrip: Duration, on stream: StreamHandle
  ) {
    deadlines.set(.answer(peer), to: nil)
    if theirs.isEmpty, ours.isEmpty {
      finish(stream)
      return attemptFailed(peer, .noAddresses)
    }
    if roundTrip > configuration.roundTripMax { counters.roundTripsClamped += 1 }
    let exchange = Upgrade.Exchange(
      theirs: theirs, ours: ours, roundTrip: min(roundTrip, configuration.roundTripMax))
    if upgrades[peer]?.dial?.isConnected == true {
      upgrades[peer]?.phase = .holding(stream, exchange)
    } else {
      synchronise(peer, exchange, on: stream)
    }
  }

  mutating func synchronise(_ peer: PeerID, _ exchange: Upgrade.Exchange, on stream: StreamHandle) {
    events.append(.write(Message.sync.encoded, on: stream))
    finish(stream)
    upgrades[peer]?.phase = .timing(exchange)
    deadlines.set(.act(peer), to: now + exchange.roundTrip / 2)
  }

  // MARK: Ends

  mutating func finish(_ stream: StreamHandle) {
    streams[stream] = .done
    deadlines.set(.stream(stream), to: now + configuration.lingerTimeout)
    events.append(.finish(stream))
  }

  private mutating func violated(_ stream: StreamHandle, _ error: DCUtRError) {
    switch error {
    case .malformedMessage, .endedEarly: counters.malformedMessages += 1
    case .unexpectedMessage: counters.unexpectedMessages += 1
    case .timedOut: counters.timeouts += 1
    }
    let state = drop(stream)
    if case .asking(let peer, _) = state { attemptFailed(peer, Failure(error)) }
  }

  @discardableResult
  private mutating func drop(_ stream: StreamHandle) -> StreamState? {
    guard let state = streams.removeValue(forKey: stream) else { return nil }
    deadlines.set(.stream(stream), to: nil)
    events.append(.reset(stream))
    return state
  }

  mutating func streamIsLate(_ stream: StreamHandle) {
    if case .done = streams[stream] { drop(stream) } else { violated(stream, .timedOut) }
  }

  /// Neither the stream nor A's answer has come in time.
  mutating func answerIsLate(_ peer: PeerID) {
    switch upgrades[peer]?.phase {
    case .asking(let stream, _): violated(stream, .timedOut)
    case .opening:
      counters.timeouts += 1
      attemptFailed(peer, .noAnswer)
    case .resting, .queued, .dialling, .holding, .timing, .punching, nil: break
    }
  }

  /// B's exchange is not wanted any more; its phase is set by the caller.
  mutating func abandonExchange(_ peer: PeerID) {
    deadlines.set(.answer(peer), to: nil)
    deadlines.set(.act(peer), to: nil)
    switch upgrades[peer]?.phase {
    case .opening(let open): opening[open] = nil
    case .asking(let stream, _), .holding(let stream, _):
      if case .asking = streams[stream] { drop(stream) }
    case .punching:
      if upgrades[peer]?.punch?.side == .starting { endPunch(peer, isStanding: false) }
    case .resting, .queued, .dialling, .timing, nil: break
    }
  }

  mutating func circuitEnded(_ connection: ConnectionID) {
    for stream in streams.keys.filter({ $0.connection == connection }).sorted() {
      streamEnded(stream, at: now)
    }
  }

  // MARK: Frames

  /// A's side of streams, and what is left of them.
  private var inboundCount: Int {
    streams.values.count { if case .asking = $0 { false } else { true } }
  }

  private func nextFrame(_ frames: inout LengthPrefixedFrames) throws(DCUtRError) -> ByteBuffer? {
    do { return try frames.nextFrame() } catch { throw .malformedMessage }
  }

  private func frames(of stream: StreamHandle) -> LengthPrefixedFrames? {
    switch streams[stream] {
    case .asking(_, let frames), .answering(_, let frames), .synchronising(_, _, _, let frames): frames
    case .done, nil: nil
    }
  }

  private mutating func keep(_ frames: LengthPrefixedFrames, of stream: StreamHandle) {
    switch streams[stream] {
    case .asking(let peer, _): streams[stream] = .asking(peer, frames)
    case .answering(let peer, _): streams[stream] = .answering(peer, frames)
    case .synchronising(let peer, let exchange, let since, _):
      streams[stream] = .synchronising(peer, exchange, since: since, frames)
    case .done, nil: break
    }
  }
}
