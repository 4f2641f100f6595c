// What can go wrong while two peers choose a protocol, and whose fault it is.

package import SansIO

package enum MultistreamError: AttributedError {
  /// The line declares more than `Negotiation.lineBytesMax` bytes.
  case lineTooLong
  /// The length prefix is longer than its value needs.
  case malformedPrefix
  /// The line has no text, or does not end in the newline its length counts.
  case malformedLine
  /// The first line is not `/multistream/1.0.0`.
  case wrongHeader
  /// A proposal that is no protocol name: no leading slash, not UTF-8, or control characters in it.
  case malformedName
  /// More than `Negotiation.proposalsMax` proposals.
  case tooManyProposals
  /// An answer that is neither `na` nor the name that was proposed, or an answer to nothing.
  case unexpectedAnswer
  /// The listener speaks none of the proposed protocols. If payload followed a lazy proposal, it was lost
  /// with it.
  case refused

  package var fault: Fault {
    switch self {
    case .malformedPrefix, .malformedLine, .wrongHeader, .malformedName, .unexpectedAnswer: .peer
    case .lineTooLong, .tooManyProposals: .limit
    case .refused: .local
    }
  }
}
