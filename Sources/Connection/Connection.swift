package import Identity
import Multistream
package import NIOCore
import Noise
package import SansIO
package import Wire
import Yamux

import DequeModule

/// One libp2p connection over an ordered byte stream, from the first byte of the upgrade to the last of its
/// streams.
///
/// It composes three machines: multistream-select agrees on Noise, Noise proves who is there and encrypts,
/// Yamux carries streams, and multistream-select again agrees on each stream's protocol (libp2p specs,
/// connections/README).
///
/// ```
/// receive ─► Noise.open (in place) ─► Yamux ─► negotiation or stream ─► nextEvent
/// drainOutbound ◄─ Noise.seal (in place) ◄─ Yamux ◄─ write, open, finish
/// ```
///
/// Drive it like every machine: push bytes with `receive`, pull `nextEvent` until nil, then `drainOutbound`
/// while it has bytes; call `advance` no later than `deadline`. When `nextEvent` throws, the connection is
/// over: drain what is left (it says goodbye) and close the transport.
///
/// Invariants:
/// - No event before `.established`; the peer in it is the one that proved the key.
/// - A stream is spoken of between its `.streamOpened` (or `openStream`) and its `.streamClosed`, and never
///   after.
/// - An initiator pays three round trips over TCP until the first answer on a stream: the TCP handshake;
///   security proposal with Noise message 1; Noise message 3 with muxer, stream, proposal and payload.
///
/// Reading order: this file, `Connection+Upgrade`, `Connection+Streams`, `Configuration`.
package struct Connection: ~Copyable {
  package let role: Role
  package internal(set) var configuration: Configuration
  /// The protocols inbound streams may ask for. May change while the connection lives.
  package var supported: Set<ProtocolName>

  var phase: Phase
  /// Set while the security protocol is being agreed on.
  var security: Negotiation?
  /// Set from the start (an initiator speaks at once) until the handshake is complete.
  var handshake: Noise.Handshake?
  var noise: Noise.Session?
  /// Set while the muxer is being agreed on inside Noise.
  var muxing: Negotiation?
  var yamux: Yamux.Session?
  /// Who the handshake proved to be at the other end.
  var remote: Remote?

  /// What came of the upgrade and is not a whole message yet.
  var upgradeInbound = ByteBuffer()
  /// What the upgrade has to say before there are keys, and inside Noise before there is a muxer.
  var clearOutbound = ByteBuffer()
  var muxingOutbound = ByteBuffer()

  /// Streams whose protocol is not agreed on yet.
  var negotiations: [StreamID: StreamNegotiation] = [:]
  /// When each negotiation must be done, oldest first; entries of finished ones are skipped.
  var negotiationDeadlines: Deque<(stream: StreamID, deadline: Instant)> = []
  var inboundNegotiating = 0
  /// Streams whose end is not reported: their owner was never told of them, or has been told that they are
  /// gone. Each leaves with its `.closed`, so there are no more than streams.
  var unspoken: Set<StreamID> = []
  /// What follows an event that was found together with another one.
  var deferred: Event?
  /// Streams of ours whose negotiation ran out of time, to be reported.
  var unanswered: Deque<StreamID> = []
  var keyLogLines: [String] = []

  var upgradeDeadline: Instant?
  var now: Instant

  enum Phase: Equatable {
    case upgrading
    case running
    /// We said goodbye; only what is queued still leaves.
    case closing
    case failed(ConnectionError)
  }

  struct Remote {
    let peer: PeerID
    let key: PublicKey
  }

  /// A connection whose transport has just been opened or accepted.
  ///
  /// - Parameters:
  ///   - role: `.initiator` for the side that dialled.
  ///   - expectedPeer: who must be at the other end; nil accepts anyone that proves a key.
  ///   - isGreeted: for an initiator whether both sides have sent multistream-select's header already, as
  ///     responders who waited for each other.
  ///   - entropy: 64 secret bytes, never used twice: the seeds of the static and the ephemeral Noise key.
  package init(
    role: Role, isGreeted: Bool = false, identity: KeyPair, expectedPeer: PeerID?,
    supported: Set<ProtocolName>,
    configuration: Configuration, entropy: [UInt8], now: Instant
  ) {
    precondition(entropy.count == 64, "a handshake takes 64 bytes of entropy, got \(entropy.count)")
    self.role = role
    self.configuration = configuration
    self.supported = supported
    self.now = now
    phase = .upgrading
    upgradeDeadline = now + configuration.upgradeTimeout
    handshake = Noise.Handshake(
      role: role, identity: identity, staticSeed: Array(entropy[..<32]), ephemeralSeed: Array(entropy[32...]),
      expectedPeer: expectedPeer, muxers: [.yamux])
    startUpgrade(isGreeted: isGreeted)
  }

  // MARK: Inputs

  /// Takes bytes as they came from the transport. Pull `nextEvent` until nil before the next call.
  ///
  /// Hand over the only reference to the buffer: it is decrypted in place.
  package mutating func receive(_ bytes: consuming ByteBuffer, at now: Instant) throws(ConnectionError) {
    self.now = now
    switch phase {
    case .upgrading where noise == nil:
      try receiveUpgrade(bytes)
    case .upgrading:
      try receiveSealed(bytes)
    case .running, .closing:
      try receiveSealed(bytes)
    case .failed:
      break
    }
  }

  mutating func receiveSealed(_ bytes: consuming ByteBuffer) throws(ConnectionError) {
    do throws(NoiseError) {
      try noise?.receive(bytes)
    } catch {
      throw fail(.noise(error))
    }
  }

  // MARK: Time

  package var deadline: Instant? {
    switch phase {
    case .failed, .closing: return nil
    case .upgrading, .running: break
    }
    // Asked for after every input, so without the allocation of an array.
    let upgrade = upgradeDeadline ?? .distantFuture
    let negotiation = negotiationDeadlines.first?.deadline ?? .distantFuture
    let earliest = min(upgrade, negotiation, yamux?.deadline ?? .distantFuture)
    return earliest == .distantFuture ? nil : earliest
  }

  package mutating func advance(to now: Instant) throws(ConnectionError) {
    self.now = now
    if let upgradeDeadline, upgradeDeadline <= now { throw fail(.upgradeTimedOut) }
    yamux?.advance(to: now)
    expireNegotiations()
  }

  // MARK: Outputs

  /// The next thing that happened, or nil when there is nothing until more bytes or time come in.
  package mutating func nextEvent() throws(ConnectionError) -> Event? {
    if let event = deferred {
      deferred = nil
      return event
    }
    if let stream = unanswered.popFirst() { return .streamClosed(stream, resetCode: 0) }
    while true {
      if case .failed = phase { return nil }
      if let event = try nextStreamEvent() { return event }
      guard let plaintext = noise?.nextPlaintext() else { return nil }
      if let event = try receivePlaintext(plaintext) { return event }
    }
  }

  /// True when `drainOutbound` has something to write.
  package var hasOutbound: Bool {
    hasUpgradeOutbound || (yamux?.hasOutbound ?? false)
  }

  /// Appends sealed bytes until about `maxBytes` stand in `wire` or nothing is left. True if it wrote
  /// anything.
  ///
  /// Plaintext is copied once, into its place in `wire`, and sealed there while it is in cache.
  package mutating func drainOutbound(into wire: inout ByteBuffer, maxBytes: Int) -> Bool {
    var wrote = drainUpgrade(into: &wire)
    while wire.readableBytes < maxBytes, yamux?.hasOutbound ?? false {
      guard let start = noise?.beginFrame(in: &wire) else { break }
      let isMore = yamux?.drainOutbound(into: &wire, maxBytes: configuration.noiseFrameBytes) ?? false
      seal(start, in: &wire)
      guard isMore else { break }
      wrote = true
    }
    return wrote
  }

  /// Seals what was appended since `start`.
  mutating func seal(_ start: FrameStart, in wire: inout ByteBuffer) {
    do throws(NoiseError) {
      try noise?.sealFrame(start, in: &wire)
    } catch {
      // Reached only after 2^64 - 1 frames under one key: nothing more can be said to this peer.
      _ = fail(.noise(error))
      yamux = nil
    }
  }

  /// Lines for the key log. Write them before draining.
  package mutating func nextKeyLogLine() -> String? {
    keyLogLines.isEmpty ? nil : keyLogLines.removeFirst()
  }

  // MARK: Closing

  /// Says goodbye and refuses new streams; what is queued still leaves through `drainOutbound`.
  package mutating func close(_ reason: CloseReason) {
    switch phase {
    case .upgrading, .running:
      yamux?.goAway(code: reason.goAwayCode)
      phase = .closing
    case .closing, .failed:
      break
    }
  }

  /// Ends the connection without a goodbye and gives everything it holds back at once.
  package mutating func abort() {
    forgetStreams()
    yamux = nil
    noise = nil
    phase = .closing
  }

  /// Records the end of the connection and returns the error, to be thrown.
  mutating func fail(_ error: ConnectionError) -> ConnectionError {
    switch phase {
    case .failed(let first): return first
    case .upgrading, .running, .closing: break
    }
    if error.fault == .peer { yamux?.goAway(code: CloseReason.protocolError.goAwayCode) }
    phase = .failed(error)
    forgetStreams()
    return error
  }

  private mutating func forgetStreams() {
    negotiations = [:]
    negotiationDeadlines = []
    inboundNegotiating = 0
    unspoken = []
    deferred = nil
    unanswered = []
  }

  /// Bytes held for this connection: queued to be sent, or given to the application and not yet consumed.
  package var bufferedBytes: Int { (yamux?.sendBufferedBytes ?? 0) + (yamux?.unreadBytes ?? 0) }

  package var isEstablished: Bool { phase == .running }

  /// Streams open or being opened, both directions.
  package var streamCount: Int { yamux?.streamCount ?? 0 }

  /// Gives back buffers kept for speed. Call when the connection has been quiet for a while.
  package mutating func releaseIdleStorage() {
    noise?.releaseIdleStorage()
    yamux?.releaseIdleStorage()
    if negotiations.isEmpty { negotiations = [:] }
    if unspoken.isEmpty { unspoken = [] }
    if negotiationDeadlines.isEmpty { negotiationDeadlines = [] }
  }
}

extension ProtocolName {
  static let noise: ProtocolName = "/noise"
  static let yamux: ProtocolName = "/yamux/1.0.0"
}
