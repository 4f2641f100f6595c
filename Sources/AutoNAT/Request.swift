import Identity
import SansIO
import Wire

/// What a server has in hand for one stream.
struct Request: Sendable {
  enum Phase: Sendable {
    case reading(LengthPrefixedFrames)
    /// Version 1: some of the addresses are being dialled.
    case trying(Trial)
    /// Version 2: the asker pays; so many bytes are owed.
    case collecting(LengthPrefixedFrames, Choice, owedBytes: Int)
    case delaying(Choice)
    case dialing(Choice, DialKey)
    /// A connection is there, a stream on it is asked for.
    case opening(Choice, ConnectionID, OpenID)
    /// The nonce is said.
    case greeting(Choice, ConnectionID, StreamHandle, LengthPrefixedFrames)
    /// What is to be said has been.
    case answered
  }

  /// The one address that is dialled for a version 2 request.
  struct Choice: Sendable {
    let index: UInt32
    let address: Multiaddr
    let nonce: UInt64
  }

  struct Trial: Sendable {
    var waiting: ArraySlice<Multiaddr>
    var dials: [DialKey: Multiaddr] = [:]
  }

  let version: Version
  let peer: PeerID
  /// Nil when the connection has none, or is relayed and it is not the asker's.
  let observed: Target?
  var phase: Phase

  var isAnswered: Bool {
    if case .answered = phase { return true }
    return false
  }
}
