import Multistream
package import NIOCore
package import SansIO
package import Wire
import Yamux

import DequeModule

// Streams: opening, agreeing on their protocol, and handing their bytes on.
extension Connection {
  struct StreamNegotiation {
    var negotiation: Negotiation
    let isInbound: Bool
  }

  // MARK: Commands

  /// Opens a stream for the first of `protocols` that the peer speaks.
  ///
  /// With a single protocol the proposal is not waited for: write at once, and the payload travels with it.
  /// If the peer refuses, `.streamRefused` follows and what was written is lost. With several, write after
  /// `.streamOpened`.
  package mutating func openStream(_ protocols: [ProtocolName]) throws(StreamError) -> StreamID {
    guard (1...Multistream.Negotiation.proposalsMax).contains(protocols.count),
      protocols.allSatisfy(Multistream.Negotiation.canPropose)
    else { throw .unspeakable }
    guard phase == .running, yamux != nil else { throw .closing }
    do throws(YamuxError) {
      return try open(protocols)
    } catch {
      throw StreamError(error)
    }
  }

  private mutating func open(_ protocols: [ProtocolName]) throws(YamuxError) -> StreamID {
    let id = try yamux!.open()
    var proposal = ByteBuffer()
    let negotiation = Negotiation.start(.initiator, proposing: protocols, outbound: &proposal)
    do throws(YamuxError) {
      try yamux!.write(proposal, to: id)
    } catch {
      // Nothing has left yet, so the stream goes without a trace.
      unspoken.insert(id)
      yamux!.reset(id, code: 0)
      throw error
    }
    track(id, StreamNegotiation(negotiation: negotiation, isInbound: false))
    return id
  }

  /// Queues `data` whole, or throws `.sendBufferFull` and takes nothing; `.writable` follows.
  package mutating func write(_ data: ByteBuffer, to id: StreamID) throws(StreamError) {
    guard yamux != nil else { throw .closing }
    do throws(YamuxError) {
      try yamux!.write(data, to: id)
    } catch {
      throw StreamError(error)
    }
  }

  /// How much a `write` may queue now; zero or less: wait for `.writable`.
  package func writableBytes(_ id: StreamID) -> Int { yamux?.writableBytes(id) ?? 0 }

  /// We will send no more; the peer still may.
  package mutating func finish(_ id: StreamID) { yamux?.finish(id) }

  /// Ends both directions at once.
  package mutating func reset(_ id: StreamID, code: UInt32 = 0) {
    forgetNegotiation(id)
    yamux?.reset(id, code: code)
  }

  /// Returns receive window: the application has used `bytes` of this stream's data.
  package mutating func consumed(_ bytes: Int, on id: StreamID) { yamux?.consumed(bytes, on: id) }

  /// From now on a silent peer is asked after `interval`, and given up after `timeout` more.
  package mutating func keepAlive(every interval: Duration, timeout: Duration) {
    configuration.keepAlive(every: interval, timeout: timeout)
    yamux?.keepAlive(every: interval, timeout: timeout)
  }

  /// Asks for a fresh `.roundTrip`.
  package mutating func ping(at now: Instant) { yamux?.ping(at: now) }

  // MARK: Events from below

  /// Takes one decrypted slice. The event, if the slice made one that Yamux does not know of.
  mutating func receivePlaintext(_ plaintext: ByteBuffer) throws(ConnectionError) -> Event? {
    var plaintext = plaintext
    if muxing != nil { try receiveMuxing(&plaintext) }
    if plaintext.readableBytes > 0 { yamux?.receive(plaintext, at: now) }
    defer { deferred = nil }
    return deferred
  }

  /// The next event that Yamux has, after negotiation took its part.
  mutating func nextStreamEvent() throws(ConnectionError) -> Event? {
    while let event = try pullYamux() {
      switch event {
      case .opened(let id):
        acceptStream(id)
      case .data(let id, let bytes):
        if negotiations[id] != nil {
          if let event = negotiate(id, with: bytes) { return event }
        } else if !unspoken.contains(id) {
          return .data(id, bytes)
        }
      case .remoteFinished(let id):
        if unspoken.contains(id) { continue }
        guard negotiations[id] != nil else { return .remoteFinished(id) }
        // Nobody left to agree with.
        if let event = giveUp(id) { return event }
      case .reset(let id, let code):
        if unspoken.contains(id) { continue }
        if negotiations[id] != nil {
          if let event = giveUp(id) { return event }
        } else {
          unspoken.insert(id)
          return .streamClosed(id, resetCode: code)
        }
      case .closed(let id):
        forgetNegotiation(id)
        if unspoken.remove(id) == nil { return .streamClosed(id, resetCode: nil) }
      case .writable(let id):
        if unspoken.contains(id) || negotiations[id]?.isInbound ?? false { continue }
        return .writable(id)
      case .roundTrip(let duration):
        return .roundTrip(duration)
      case .goAway(let code):
        return .goAway(code: code)
      }
    }
    return nil
  }

  private mutating func pullYamux() throws(ConnectionError) -> Yamux.Session.Event? {
    guard yamux != nil else { return nil }
    do throws(YamuxError) {
      return try yamux!.nextEvent()
    } catch {
      throw fail(.yamux(error))
    }
  }

  // MARK: Negotiation

  private mutating func acceptStream(_ id: StreamID) {
    guard inboundNegotiating < configuration.inboundNegotiationsMax else {
      unspoken.insert(id)
      yamux?.reset(id, code: 0)
      return
    }
    track(id, StreamNegotiation(negotiation: .listening(Listener()), isInbound: true))
  }

  /// Advances a stream's negotiation. Bytes after the agreement become the event that follows.
  private mutating func negotiate(_ id: StreamID, with received: ByteBuffer) -> Event? {
    guard var pending = negotiations.removeValue(forKey: id) else { return nil }
    var bytes = received
    var answer = ByteBuffer()
    let agreed: ProtocolName?
    do throws(MultistreamError) {
      agreed = try pending.negotiation.receive(&bytes, outbound: &answer, supported: supported.contains)
    } catch {
      negotiations[id] = pending
      return giveUp(id)
    }
    yamux?.consumed(received.readableBytes - bytes.readableBytes, on: id)
    if answer.readableBytes > 0 {
      do throws(YamuxError) {
        try yamux?.write(answer, to: id)
      } catch {
        // A peer that proposes without reading the answers, or one that reads nothing at all.
        negotiations[id] = pending
        return giveUp(id)
      }
    }
    guard let agreed else {
      negotiations[id] = pending
      return nil
    }
    if pending.isInbound { inboundNegotiating -= 1 }
    if bytes.readableBytes > 0 { deferred = .data(id, bytes) }
    return .streamOpened(id, agreed, isInbound: pending.isInbound)
  }

  private mutating func track(_ id: StreamID, _ negotiation: StreamNegotiation) {
    negotiations[id] = negotiation
    if negotiation.isInbound { inboundNegotiating += 1 }
    negotiationDeadlines.append((id, now + configuration.negotiationTimeout))
    // Negotiations end long before their time is up: a peer that opens and closes streams as fast as it can
    // must not make this grow until then.
    if negotiationDeadlines.count > 2 * negotiations.count + 16 {
      negotiationDeadlines.removeAll { negotiations[$0.stream] == nil }
    }
  }

  /// Ends a stream that has no protocol. The event, if the owner knows of the stream; its end is not one.
  private mutating func giveUp(_ id: StreamID) -> Event? {
    guard let pending = negotiations[id] else { return nil }
    forgetNegotiation(id)
    unspoken.insert(id)
    yamux?.reset(id, code: 0)
    return pending.isInbound ? nil : .streamRefused(id)
  }

  private mutating func forgetNegotiation(_ id: StreamID) {
    guard let pending = negotiations.removeValue(forKey: id) else { return }
    if pending.isInbound { inboundNegotiating -= 1 }
  }

  /// Resets streams whose protocol was not agreed on in time. One of ours is reported as reset: silence is no
  /// word on what the peer speaks, and on a dead path it would be one on everything.
  mutating func expireNegotiations() {
    while let first = negotiationDeadlines.first, first.deadline <= now {
      negotiationDeadlines.removeFirst()
      if case .streamRefused(let id)? = giveUp(first.stream) { unanswered.append(id) }
    }
    while let first = negotiationDeadlines.first, negotiations[first.stream] == nil {
      negotiationDeadlines.removeFirst()
    }
  }
}
