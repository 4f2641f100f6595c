package import Identity
package import NIOCore
import Wire

/// What goes over a hop stream: a client's wish and the relay's answer.
///
/// A type that is absent reads as the first one, as Go does: writers of proto3 may leave zeros out.
package enum HopMessage: Hashable, Sendable {
  case reserve
  case connect(to: PeerID)
  /// With the reservation when that is what was asked for, with the limit of circuits either way.
  case status(Status, Reservation?, Limit)

  /// From the body of a frame.
  package init(decoding frame: ByteBuffer) throws(CircuitRelayError) {
    let message: Relay_HopMessage
    do { message = try Relay_HopMessage(decoding: frame) } catch { throw .malformedMessage }
    switch message.type {
    case .reserve: self = .reserve
    case .connect:
      guard message.hasPeer else { throw .malformedMessage }
      self = .connect(to: try PeerID(message.peer))
    case .status:
      guard message.hasStatus else { throw .malformedMessage }
      self = .status(
        Status(message.status), message.hasReservation ? Reservation(message.reservation) : nil,
        Limit(message.limit))
    case .UNRECOGNIZED: throw .unexpectedMessage
    }
  }

  /// The frame: a length and the message.
  package var encoded: ByteBuffer {
    var message = Relay_HopMessage()
    switch self {
    case .reserve: message.type = .reserve
    case .connect(let peer):
      message.type = .connect
      message.peer = peer.relayPeer
    case .status(let status, let reservation, let limit):
      message.type = .status
      message.status = status.wire
      if let reservation { message.reservation = reservation.wire }
      if let limit = limit.wire { message.limit = limit }
    }
    var frame = ByteBuffer()
    LengthPrefixedFrames.encode(message, into: &frame)
    return frame
  }
}

extension PeerID {
  /// Addresses that come with it are for relays that dial, which none does any more; they are not read.
  init(_ wire: Relay_Peer) throws(CircuitRelayError) {
    do { try self.init(bytes: [UInt8](wire.id)) } catch { throw .malformedMessage }
  }

  var relayPeer: Relay_Peer {
    var wire = Relay_Peer()
    wire.id = bytes.protobufBytes()
    return wire
  }
}
