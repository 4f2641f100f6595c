import Wire

/// How a relay, or the peer a circuit ends at, answers.
package enum Status: Hashable, Sendable {
  case ok
  /// No slot is free.
  case reservationRefused
  /// Too many circuits, or asked too often.
  case resourceLimitExceeded
  /// Not for this peer, or not over a relayed connection.
  case permissionDenied
  /// The peer at the other end could not be reached, or did not want.
  case connectionFailed
  /// The peer at the other end holds no reservation here.
  case noReservation
  case malformedMessage
  case unexpectedMessage
  /// A code that the specification does not have.
  case other(Int)

  /// The number on the wire.
  package var code: Int { wire.rawValue }

  init(_ wire: Relay_Status) {
    self =
      switch wire {
      case .ok: .ok
      case .reservationRefused: .reservationRefused
      case .resourceLimitExceeded: .resourceLimitExceeded
      case .permissionDenied: .permissionDenied
      case .connectionFailed: .connectionFailed
      case .noReservation: .noReservation
      case .malformedMessage: .malformedMessage
      case .unexpectedMessage: .unexpectedMessage
      case .unused, .UNRECOGNIZED: .other(wire.rawValue)
      }
  }

  var wire: Relay_Status {
    switch self {
    case .ok: .ok
    case .reservationRefused: .reservationRefused
    case .resourceLimitExceeded: .resourceLimitExceeded
    case .permissionDenied: .permissionDenied
    case .connectionFailed: .connectionFailed
    case .noReservation: .noReservation
    case .malformedMessage: .malformedMessage
    case .unexpectedMessage: .unexpectedMessage
    case .other(let code): Relay_Status(rawValue: code) ?? .unused
    }
  }
}

extension Status: CustomStringConvertible {
  /// For people: what a relay means by it.
  package var description: String {
    switch self {
    case .ok: "ok"
    case .reservationRefused: "the relay has no free slot"
    case .resourceLimitExceeded: "a limit of the relay is reached"
    case .permissionDenied: "the relay does not permit it"
    case .connectionFailed: "the relay could not reach the peer"
    case .noReservation: "the peer holds no reservation at the relay"
    case .malformedMessage: "the message was not understood"
    case .unexpectedMessage: "the message was not expected"
    case .other(let code): "status \(code)"
    }
  }
}
