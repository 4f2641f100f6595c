import Identity
import Multistream
import NIOCore
import Noise
import SansIO
import Wire
import Yamux

// The upgrade: security by multistream-select, Noise, then the muxer, early or by multistream-select inside
// Noise (libp2p specs, connections/README "Upgrading Connections").
extension Connection {
  /// Either side of multistream-select, until it has agreed.
  enum Negotiation {
    case dialing(Multistream.Dialer)
    case listening(Multistream.Listener)

    /// The agreed protocol, once. Answers are appended to `outbound`; bytes after the agreement stay in
    /// `bytes`.
    mutating func receive(
      _ bytes: inout ByteBuffer, outbound: inout ByteBuffer, supported: (ProtocolName) -> Bool
    ) throws(MultistreamError) -> ProtocolName? {
      switch self {
      case .dialing(var dialer):
        let agreed = try dialer.receive(&bytes)
        _ = dialer.drainOutbound(into: &outbound)
        self = .dialing(dialer)
        return agreed
      case .listening(var listener):
        let agreed = try listener.receive(&bytes, supported: supported)
        _ = listener.drainOutbound(into: &outbound)
        self = .listening(listener)
        return agreed
      }
    }

    /// Starts a negotiation; a dialer's first bytes are appended to `outbound`.
    static func start(
      _ role: Role, proposing protocols: [ProtocolName], isGreeted: Bool = false, outbound: inout ByteBuffer
    ) -> Negotiation {
      switch role {
      case .initiator:
        var dialer = Dialer(protocols, lazy: true, isGreeted: isGreeted)
        _ = dialer.drainOutbound(into: &outbound)
        return .dialing(dialer)
      case .responder:
        return .listening(Listener())
      }
    }
  }

  /// An initiator says everything it can before the first answer: header, proposal, Noise message 1.
  mutating func startUpgrade(isGreeted: Bool) {
    security = .start(role, proposing: [.noise], isGreeted: isGreeted, outbound: &clearOutbound)
    if role == .initiator { _ = handshake?.drainOutbound(into: &clearOutbound) }
  }

  /// How far a responder has come whose peer has proposed nothing.
  package enum Silence: Hashable, Sendable {
    /// Not a byte has been received.
    case complete
    /// Both sides have sent multistream-select's header, and nothing else: the peer is a responder, too.
    case greeted
  }

  /// Nil once the peer has proposed something, and for an initiator.
  package var silence: Silence? {
    guard phase == .upgrading, role == .responder, case .listening(let listener) = security,
      upgradeInbound.readableBytes == 0, clearOutbound.readableBytes == 0
    else { return nil }
    if listener.isGreeted { return .greeted }
    return listener.isFresh ? .complete : nil
  }

  /// Takes bytes from before Noise's transport phase. What follows the handshake goes on to the session.
  mutating func receiveUpgrade(_ bytes: consuming ByteBuffer) throws(ConnectionError) {
    var bytes = bytes
    if upgradeInbound.readableBytes > 0 {
      upgradeInbound.writeBuffer(&bytes)
      swap(&upgradeInbound, &bytes)
    }
    try receiveHandshake(&bytes)
    upgradeInbound = ByteBuffer()
    if noise == nil {
      upgradeInbound = bytes
    } else if bytes.readableBytes > 0 {
      try receiveSealed(bytes)
    }
  }

  private mutating func receiveHandshake(_ bytes: inout ByteBuffer) throws(ConnectionError) {
    do throws(MultistreamError) {
      if try security?.receive(&bytes, outbound: &clearOutbound, supported: { $0 == .noise }) != nil {
        security = nil
      }
    } catch {
      throw fail(.multistream(error))
    }
    guard security == nil, bytes.readableBytes > 0 else { return }
    do throws(NoiseError) {
      try handshake?.receive(&bytes)
    } catch {
      throw fail(.noise(error))
    }
    _ = handshake?.drainOutbound(into: &clearOutbound)
    while let line = handshake?.nextKeyLogLine() { keyLogLines.append(line) }
    if let outcome = handshake?.takeOutcome() { completeHandshake(outcome) }
  }

  private mutating func completeHandshake(_ outcome: consuming Noise.Handshake.Outcome) {
    let muxer = outcome.muxer
    remote = Remote(peer: outcome.remotePeer, key: outcome.remoteKey)
    noise = outcome.session
    handshake = nil
    guard muxer == nil else { return startMuxer(.early) }
    muxing = .start(role, proposing: [.yamux], outbound: &muxingOutbound)
    // An initiator need not wait for the answer: there is no other muxer to fall back to.
    if role == .initiator { startMuxer(.multistream) }
  }

  /// Takes decrypted bytes that belong to the muxer's negotiation; leaves Yamux's in `bytes`.
  mutating func receiveMuxing(_ bytes: inout ByteBuffer) throws(ConnectionError) {
    do throws(MultistreamError) {
      let agreed = try muxing?.receive(&bytes, outbound: &muxingOutbound, supported: { $0 == .yamux })
      guard agreed != nil else { return }
    } catch {
      throw fail(.multistream(error))
    }
    muxing = nil
    if role == .responder { startMuxer(.multistream) }
  }

  private mutating func startMuxer(_ negotiation: MuxerNegotiation) {
    guard let remote else { preconditionFailure("a muxer before the handshake, in \(phase)") }
    yamux = Yamux.Session(role: role, configuration: configuration.yamux, now: now)
    if phase == .upgrading { phase = .running }
    upgradeDeadline = nil
    deferred = .established(remote.peer, remote.key, muxerNegotiation: negotiation)
  }

  var hasUpgradeOutbound: Bool {
    clearOutbound.readableBytes > 0 || (noise != nil && muxingOutbound.readableBytes > 0)
  }

  /// Appends what the upgrade has to say: Noise's messages in the clear, the muxer's negotiation sealed.
  mutating func drainUpgrade(into wire: inout ByteBuffer) -> Bool {
    guard hasUpgradeOutbound else { return false }
    if clearOutbound.readableBytes > 0 {
      wire.writeBuffer(&clearOutbound)
      clearOutbound = ByteBuffer()
    }
    if muxingOutbound.readableBytes > 0, let start = noise?.beginFrame(in: &wire) {
      wire.writeBuffer(&muxingOutbound)
      muxingOutbound = ByteBuffer()
      seal(start, in: &wire)
    }
    return true
  }
}
