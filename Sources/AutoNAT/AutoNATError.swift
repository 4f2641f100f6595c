package import SansIO

/// What is wrong with what a peer sent.
package enum AutoNATError: AttributedError {
  /// A frame over the limit or with a malformed length, or a body that is no such message.
  case malformedMessage
  /// A message of a type that has no place here.
  case unexpectedMessage
  /// A version 1 request that names nobody, or not a peer, or not the one that asks.
  case malformedPeer
  /// An index beyond the addresses that were asked about.
  case indexOutOfRange
  /// A status that the specification does not have, or that says nothing.
  case meaninglessStatus
  /// More data demanded than a dial is worth, or for an address that is not worth any.
  case dialDataRefused
  /// Dial data in crumbs, which cost more to count than to send.
  case dialDataTooSmall
  /// The server says that it reached us, and no nonce has come.
  case unproven
  /// The nonce came where the server says that nothing went through, or to another address than it says.
  case contradiction
  /// The stream ended before what was owed.
  case endedEarly
  /// No message in time.
  case timedOut

  package var fault: Fault {
    switch self {
    case .malformedMessage, .unexpectedMessage, .malformedPeer, .indexOutOfRange, .meaninglessStatus,
      .dialDataTooSmall, .unproven, .contradiction, .endedEarly:
      .peer
    case .dialDataRefused, .timedOut: .limit
    }
  }
}

extension AutoNATError: CustomStringConvertible {
  package var description: String {
    switch self {
    case .malformedMessage: "not an AutoNAT message"
    case .unexpectedMessage: "an AutoNAT message of an unexpected type"
    case .malformedPeer: "the request is not about the peer that asks"
    case .indexOutOfRange: "the answer is about an address that was not asked about"
    case .meaninglessStatus: "the answer has a status without a meaning"
    case .dialDataRefused: "the server wants more data than the answer is worth"
    case .dialDataTooSmall: "dial data came in too small pieces"
    case .unproven: "the server claims to have reached us, but did not"
    case .contradiction: "the answer contradicts the connection that came"
    case .endedEarly: "the stream ended early"
    case .timedOut: "no answer in time"
    }
  }
}
