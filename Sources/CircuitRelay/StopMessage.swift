package import Identity
package import NIOCore
import Wire

/// What goes over a stop stream: the relay's announcement of a circuit and the answer to it.
package enum StopMessage: Hashable, Sendable {
  case connect(from: PeerID, Limit)
  case status(Status)

  /// From the body of a frame.
  package init(decoding frame: ByteBuffer) throws(CircuitRelayError) {
    let message: Relay_StopMessage
    do { message = try Relay_StopMessage(decoding: frame) } catch { throw .malformedMessage }
    switch message.type {
    case .connect:
      guard message.hasPeer else { throw .malformedMessage }
      self = .connect(from: try PeerID(message.peer), Limit(message.limit))
    case .status:
      guard message.hasStatus else { throw .malformedMessage }
      self = .status(Status(message.status))
    case .UNRECOGNIZED: throw .unexpectedMessage
    }
  }

  /// The frame: a length and the message.
  package var encoded: ByteBuffer {
    var message = Relay_StopMessage()
    switch self {
    case .connect(let peer, let limit):
      message.type = .connect
      message.peer = peer.relayPeer
      if let limit = limit.wire { message.limit = limit }
    case .status(let status):
      message.type = .status
      message.status = status.wire
    }
    var frame = ByteBuffer()
    LengthPrefixedFrames.encode(message, into: &frame)
    return frame
  }
}
