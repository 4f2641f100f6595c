package import SansIO

/// What is wrong with what a peer sent on a DCUtR stream.
package enum DCUtRError: AttributedError {
  /// A frame over the limit or with a malformed length, or a body that is no such message.
  case malformedMessage
  /// A message of a type that has no place here.
  case unexpectedMessage
  /// The stream ended before what was owed.
  case endedEarly
  /// No message in time.
  case timedOut

  package var fault: Fault {
    switch self {
    case .malformedMessage, .unexpectedMessage, .endedEarly: .peer
    case .timedOut: .limit
    }
  }
}

extension DCUtRError: CustomStringConvertible {
  package var description: String {
    switch self {
    case .malformedMessage: "not a DCUtR message"
    case .unexpectedMessage: "a DCUtR message of an unexpected type"
    case .endedEarly: "the stream ended early"
    case .timedOut: "no answer in time"
    }
  }
}
