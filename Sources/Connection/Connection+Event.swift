package import Identity
package import NIOCore
import SansIO
package import Wire
import Yamux

extension Connection {
  /// What happened on the connection.
  package enum Event: Equatable {
    /// The upgrade is complete and the peer is who it says.
    case established(PeerID, PublicKey, muxerNegotiation: MuxerNegotiation)
    /// The protocol of a stream is agreed on: a stream of the peer's, or one of ours.
    case streamOpened(StreamID, ProtocolName, isInbound: Bool)
    /// The peer speaks none of the protocols offered on a stream of ours. The stream is gone.
    case streamRefused(StreamID)
    /// Bytes of a stream; return them with `consumed` when they have been used.
    case data(StreamID, ByteBuffer)
    /// The peer will send no more on this stream.
    case remoteFinished(StreamID)
    /// A stream that refused a write has room again.
    case writable(StreamID)
    /// The stream is gone; `resetCode` is set when it was reset rather than finished.
    case streamClosed(StreamID, resetCode: UInt32?)
    /// A fresh measurement of the connection's round trip.
    case roundTrip(Duration)
    /// The peer will accept no more streams and is about to close.
    case goAway(code: UInt32)
  }

  /// How the muxer was agreed on (libp2p specs, noise/README "Libp2p Data in Handshake Messages").
  package enum MuxerNegotiation: Hashable, Sendable {
    /// In the Noise extensions, without a round trip of its own.
    case early
    /// By multistream-select inside Noise.
    case multistream
  }

  /// Why we close.
  package enum CloseReason: Hashable, Sendable {
    case normal, protocolError, internalError

    var goAwayCode: UInt32 {
      switch self {
      case .normal: 0
      case .protocolError: 1
      case .internalError: 2
      }
    }
  }
}
