/// Which side one is on, of a connection, a handshake or a negotiation.
package enum Role: Hashable, Sendable, CaseIterable {
  /// Dialled, or opened.
  case initiator
  /// Was dialled, or asked.
  case responder

  package var opposite: Role {
    switch self {
    case .initiator: .responder
    case .responder: .initiator
    }
  }
}
