// The side that asks.

package import NIOCore
package import SansIO

/// Measures round trips on one stream, one at a time.
package struct Initiator: Sendable {
  package enum Event: Hashable, Sendable {
    /// The whole echo arrived this long after `ping` was called.
    case roundTrip(Duration)
    /// The peer finished the stream and owed us nothing. No more pings here.
    case ended
  }

  private struct Outstanding: Sendable {
    let payload: SIMD32<UInt8>
    let sentAt: Instant
    var isDrained = false
    /// How much of the payload has come back; what came back is compared and not kept.
    var echoedBytes = 0
  }

  private enum Phase: Sendable {
    case open
    /// No new pings; the echo of the last may still come.
    case finishing
    case ended
    case failed
  }

  private let timeout: Duration
  private var phase = Phase.open
  private var outstanding: Outstanding?

  // Outputs not yet pulled.
  private var roundTrip: Duration?
  private var endReported = false
  private var failure: PingError?

  /// - Parameter timeout: how long a whole echo may take.
  package init(timeout: Duration = .seconds(10)) {
    self.timeout = timeout
  }

  /// Sends 32 bytes from `generator`.
  /// - Returns: false, and nothing sent, while an echo is outstanding or when the stream is over.
  package mutating func ping(at now: Instant, using generator: inout some RandomNumberGenerator) -> Bool {
    guard phase == .open, outstanding == nil else { return false }
    let payload = SIMD32<UInt8>.random(in: .min ... .max, using: &generator)
    outstanding = Outstanding(payload: payload, sentAt: now)
    return true
  }

  /// No more pings. An echo still outstanding is waited for.
  package mutating func finish() {
    if phase == .open { phase = .finishing }
  }

  /// Takes all of `bytes`.
  package mutating func receive(_ bytes: inout ByteBuffer, at now: Instant) {
    while phase == .open || phase == .finishing, let byte = bytes.readInteger(as: UInt8.self) {
      guard let pending = outstanding, pending.isDrained else {
        fail(.unexpectedBytes)
        break
      }
      if byte != pending.payload[pending.echoedBytes] {
        fail(.wrongEcho)
        break
      }
      outstanding?.echoedBytes += 1
      if pending.echoedBytes + 1 == payloadBytes {
        outstanding = nil
        roundTrip = now - pending.sentAt
      }
    }
    bytes.moveReaderIndex(to: bytes.writerIndex)
  }

  package mutating func remoteFinished() {
    guard phase == .open || phase == .finishing else { return }
    if outstanding != nil {
      fail(.endedEarly)
    } else {
      phase = .ended
    }
  }

  package mutating func advance(to now: Instant) {
    if let deadline, now >= deadline { fail(.timedOut) }
  }

  package var deadline: Instant? {
    outstanding.map { $0.sentAt + timeout }
  }

  package mutating func nextEvent() throws(PingError) -> Event? {
    if let measured = roundTrip {
      roundTrip = nil
      return .roundTrip(measured)
    }
    if let error = failure {
      failure = nil
      throw error
    }
    if phase == .ended, !endReported {
      endReported = true
      return .ended
    }
    return nil
  }

  /// Appends the payload that is to be sent.
  /// - Returns: whether there was one.
  package mutating func drainOutbound(into wire: inout ByteBuffer) -> Bool {
    guard let pending = outstanding, !pending.isDrained else { return false }
    wire.writeBytes(pending.payload.indices.lazy.map { pending.payload[$0] })
    outstanding?.isDrained = true
    return true
  }

  /// Nothing more will be drained: finish our half of the stream.
  package var outboundFinished: Bool {
    switch phase {
    case .open, .failed: false
    case .finishing: outstanding?.isDrained ?? true
    case .ended: true
    }
  }

  private mutating func fail(_ error: PingError) {
    phase = .failed
    outstanding = nil
    failure = error
  }
}
