// The side that answers.

package import NIOCore
package import SansIO

/// Echoes whole payloads on one stream until the peer finishes it or goes quiet.
package struct Responder: Sendable {
  package enum Event: Hashable, Sendable {
    /// The peer finished the stream and every echo has been drained.
    case ended
  }

  /// Echoes a peer may leave unread before the stream is reset. The protocol sends one at a time.
  package static let backlogBytesMax = 128 * payloadBytes

  private enum Phase: Sendable {
    case open
    /// The peer has finished; echoes may still be owed.
    case finishing
    case ended
    case failed
  }

  private let idleTimeout: Duration
  private var phase = Phase.open
  /// Payloads to be echoed, and at the end the part of one that has arrived.
  private var echo = ByteBuffer()
  /// When the last whole payload arrived. A trickle of single bytes does not keep a stream alive.
  private var lastPayload: Instant
  private var failure: PingError?

  /// - Parameter idleTimeout: how long the stream may go without a whole payload.
  package init(at now: Instant, idleTimeout: Duration = .seconds(60)) {
    lastPayload = now
    self.idleTimeout = idleTimeout
  }

  /// Takes all of `bytes`.
  package mutating func receive(_ bytes: inout ByteBuffer, at now: Instant) {
    defer { bytes.moveReaderIndex(to: bytes.writerIndex) }
    guard phase == .open, bytes.readableBytes > 0 else { return }
    if bytes.readableBytes > Self.backlogBytesMax - echo.readableBytes {
      fail(.echoBacklogFull)
      return
    }
    let partialBytes = echo.readableBytes % payloadBytes
    if partialBytes + bytes.readableBytes >= payloadBytes { lastPayload = now }
    echo.writeBuffer(&bytes)
  }

  package mutating func remoteFinished() {
    guard phase == .open else { return }
    if echo.readableBytes % payloadBytes != 0 {
      fail(.truncatedPayload)
    } else {
      phase = .finishing
    }
  }

  package mutating func advance(to now: Instant) {
    if let deadline, now >= deadline { fail(.idle) }
  }

  package var deadline: Instant? {
    switch phase {
    case .open: lastPayload + idleTimeout
    // A peer that does not read what it asked for is not waited for longer than one that does not ask.
    case .finishing: echo.readableBytes > 0 ? lastPayload + idleTimeout : nil
    case .ended, .failed: nil
    }
  }

  package mutating func nextEvent() throws(PingError) -> Event? {
    if let error = failure {
      failure = nil
      throw error
    }
    if phase == .finishing, echo.readableBytes == 0 {
      phase = .ended
      return .ended
    }
    return nil
  }

  /// Appends the echoes of the whole payloads that have arrived.
  /// - Returns: whether there were any.
  package mutating func drainOutbound(into wire: inout ByteBuffer) -> Bool {
    let wholeBytes = echo.readableBytes - echo.readableBytes % payloadBytes
    guard wholeBytes > 0, var payloads = echo.readSlice(length: wholeBytes) else { return false }
    wire.writeBuffer(&payloads)
    if echo.readableBytes == 0 { echo = ByteBuffer() } else { echo.discardReadBytes() }
    return true
  }

  /// Nothing more will be drained: finish our half of the stream.
  package var outboundFinished: Bool {
    switch phase {
    case .open, .failed: false
    case .finishing, .ended: echo.readableBytes == 0
    }
  }

  private mutating func fail(_ error: PingError) {
    phase = .failed
    echo = ByteBuffer()
    failure = error
  }
}
