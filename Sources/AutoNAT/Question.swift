import Identity
import SansIO
import Wire

/// What a client asks one server.
struct Question: Sendable {
  enum Subject: Hashable, Sendable {
    case node
    case address(Multiaddr)
  }

  enum Phase: Sendable {
    case opening(OpenID)
    case asked(StreamHandle, LengthPrefixedFrames, hasPaid: Bool)
    /// The server says that it reached this address; the nonce has not come yet.
    case proving(StreamHandle, Candidate)
  }

  let version: Version
  /// What is to be found out; with version 2 the first of the addresses.
  let subject: Subject
  let addresses: [Candidate]
  /// The server's, when it was asked.
  let network: AddressPrefix
  let nonce: UInt64
  var phase: Phase
  /// Where the nonce came to.
  var proof: Multiaddr?

  var stream: StreamHandle? {
    switch phase {
    case .opening: nil
    case .asked(let stream, _, _), .proving(let stream, _): stream
    }
  }
}
