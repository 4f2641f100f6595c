// The side that has something to say: who was asked, or who pushes.

package import NIOCore
import Wire

/// Sends one message and finishes.
package struct Sender: Sendable {
  package enum Event: Hashable, Sendable {
    /// The whole message has been drained.
    case sent
  }

  private enum Phase: Hashable, Sendable {
    case sending
    case sent(reported: Bool)
    case failed
  }

  private var phase = Phase.sending
  private var outbound = ByteBuffer()
  private var failure: IdentifyError?

  /// - Throws: `.ownMessageTooLarge` when others would refuse it. Announce fewer addresses or protocols.
  package init(_ message: Message) throws(IdentifyError) {
    for part in try message.parts() { LengthPrefixedFrames.encode(part, into: &outbound) }
  }

  /// Takes all of `bytes`, of which there should be none.
  package mutating func receive(_ bytes: inout ByteBuffer) {
    if bytes.readableBytes > 0, phase != .failed {
      phase = .failed
      outbound = ByteBuffer()
      failure = .unexpectedBytes
    }
    bytes.moveReaderIndex(to: bytes.writerIndex)
  }

  package mutating func nextEvent() throws(IdentifyError) -> Event? {
    if let error = failure {
      failure = nil
      throw error
    }
    guard phase == .sent(reported: false) else { return nil }
    phase = .sent(reported: true)
    return .sent
  }

  /// Appends the message.
  /// - Returns: whether there was anything left to send.
  package mutating func drainOutbound(into wire: inout ByteBuffer) -> Bool {
    guard phase == .sending else { return false }
    wire.writeImmutableBuffer(outbound)
    outbound = ByteBuffer()
    phase = .sent(reported: false)
    return true
  }

  /// Nothing more will be drained: finish our half of the stream.
  package var outboundFinished: Bool {
    switch phase {
    case .sending, .failed: false
    case .sent: true
    }
  }
}
