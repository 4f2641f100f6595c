import DCUtR
public import Identity

extension Event {
  /// A step of an attempt to reach a peer directly that is connected through a relay (libp2p's DCUtR).
  public struct HolePunch: Sendable, Hashable {
    /// What became of it.
    public enum Outcome: String, Sendable, Hashable {
      /// Both sides are about to dial.
      case started
      /// There is a direct connection.
      case succeeded
      /// There is none, for the reason given.
      case failed
    }

    /// The peer.
    public let peerID: PeerID
    /// From 1 within a series; 0 for a plain dial to a public address and for a peer that does not take part.
    public let attempt: Int
    /// What became of it.
    public let outcome: Outcome
    /// `tcp` or `quic`.
    public let transport: String
    /// From the attempt's start to the connection.
    public let elapsed: Duration?
    /// Why there is no connection, in words.
    public let reason: String?
  }
}

extension Event.HolePunch {
  init(_ outcome: DCUtR.Outcome) {
    peerID = outcome.peer
    attempt = outcome.attempt
    transport =
      switch outcome.transport {
      case .tcp: "tcp"
      case .quic: "quic"
      }
    switch outcome.result {
    case .started: (self.outcome, elapsed, reason) = (.started, nil, nil)
    case .succeeded(let after, _): (self.outcome, elapsed, reason) = (.succeeded, after, nil)
    case .failed(let failure): (self.outcome, elapsed, reason) = (.failed, nil, "\(failure)")
    }
  }
}
