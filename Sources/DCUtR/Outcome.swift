package import Identity
package import SansIO

/// How an attempt goes, for the outside.
package struct Outcome: Hashable, Sendable {
  package enum Result: Hashable, Sendable {
    case started
    /// `after` the attempt started.
    case succeeded(after: Duration, by: Means)
    case failed(Failure)
  }

  /// Whose connection it is.
  package enum Means: Hashable, Sendable {
    /// A dial of the attempt.
    case punch
    /// The plain dial to a public address.
    case dial
    /// One that was accepted, or that came about otherwise.
    case other
  }

  package let peer: PeerID
  /// From 1 within a series. 0 for what took no exchange: a dial to a public address, a peer that does not
  /// speak the protocol.
  package let attempt: Int
  package let side: Side
  package let transport: Transport
  package let result: Result

  package init(
    peer: PeerID, attempt: Int, side: Side, transport: Transport = .tcp, result: Result
  ) {
    self.peer = peer
    self.attempt = attempt
    self.side = side
    self.transport = transport
    self.result = result
  }
}

/// How it stands with a peer, for whoever asks.
package struct Summary: Hashable, Sendable {
  package enum State: Hashable, Sendable {
    /// The peer is to start, or has not been identified, or there is nothing to do before it changes.
    case waiting
    case trying
    case retrying(at: Instant)
    case direct
  }

  package let state: State
  /// Of the last attempt that failed, until one succeeds.
  package let failure: Failure?

  package init(state: State, failure: Failure?) {
    self.state = state
    self.failure = failure
  }
}
