package import Identity
package import SansIO

/// What is wrong with what a peer sent on a hop or stop stream.
package enum CircuitRelayError: AttributedError {
  /// A frame over the limit or with a malformed length, a body that is no such message, or one that lacks
  /// what its type needs.
  case malformedMessage
  /// A message of a type that has no place here.
  case unexpectedMessage
  /// A voucher that is not the relay's promise to us.
  case invalidVoucher(IdentityError)
  /// A voucher of this relay about another peer or relay.
  case voucherOfAnother
  /// The stream ended before what was owed.
  case endedEarly
  /// No message in time.
  case timedOut

  package var fault: Fault {
    switch self {
    case .malformedMessage, .unexpectedMessage, .invalidVoucher, .voucherOfAnother, .endedEarly: .peer
    case .timedOut: .limit
    }
  }

  /// How a relay answers it.
  var status: Status {
    switch self {
    case .unexpectedMessage: .unexpectedMessage
    case .malformedMessage, .invalidVoucher, .voucherOfAnother, .endedEarly, .timedOut: .malformedMessage
    }
  }
}

extension CircuitRelayError: CustomStringConvertible {
  package var description: String {
    switch self {
    case .malformedMessage: "not a relay message"
    case .unexpectedMessage: "a relay message of an unexpected type"
    case .invalidVoucher(let cause): "the reservation's voucher is invalid: \(cause)"
    case .voucherOfAnother: "the reservation's voucher is about another peer"
    case .endedEarly: "the stream ended early"
    case .timedOut: "no answer in time"
    }
  }
}
