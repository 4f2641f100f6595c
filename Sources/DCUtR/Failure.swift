/// Why there is no direct connection, in as much as this side can know. A closed list.
package enum Failure: Hashable, Sendable, CaseIterable {
  // What was missing.
  case noAddresses
  case noAddressOfOurs
  case noAddressOfTheirs
  case notSpoken

  // What went wrong with the exchange.
  case refusedByPeer
  case noAnswer
  case malformedMessage
  case unexpectedMessage
  case circuitClosed

  // What the dials met.
  case noPacket
  case ourMappingVaries
  case theirMappingVaries
  case bothMappingsVary
  case rejected
  case noRoute
  case handshakeFailed
  case wrongPeer
  /// A newer attempt of the peer's took its place before anything was known of it.
  case superseded

  /// Another attempt at once may go better: a round trip that was measured badly, reversed roles.
  var isWorthAnotherAttempt: Bool {
    switch self {
    case .noPacket, .ourMappingVaries, .theirMappingVaries, .bothMappingsVary, .noAddressOfOurs,
      .noAddressOfTheirs, .rejected, .handshakeFailed, .wrongPeer, .superseded:
      true
    case .noAddresses, .notSpoken, .refusedByPeer, .noAnswer, .malformedMessage, .unexpectedMessage,
      .circuitClosed, .noRoute:
      false
    }
  }

  init(_ error: DCUtRError) {
    switch error {
    case .malformedMessage: self = .malformedMessage
    case .unexpectedMessage: self = .unexpectedMessage
    case .endedEarly: self = .refusedByPeer
    case .timedOut: self = .noAnswer
    }
  }
}

extension Failure: CustomStringConvertible {
  package var description: String {
    switch self {
    case .noAddresses: "neither side knows a public address of its own"
    case .noAddressOfOurs: "we know no public address of our own, and their router let nobody in unasked"
    case .noAddressOfTheirs: "the peer knows no public address of its own, and it did not reach us either"
    case .notSpoken: "the peer does not offer direct connection upgrades (yet)"
    case .refusedByPeer: "the peer refused to take part"
    case .noAnswer: "the peer did not answer over the relay in time"
    case .malformedMessage: "the peer's answer could not be read"
    case .unexpectedMessage: "the peer's answer was out of place"
    case .circuitClosed: "the relayed connection closed meanwhile"
    case .noPacket: "no packet came through: a firewall, or routers that let in known endpoints only"
    case .ourMappingVaries:
      "our router gives us another port for each destination, and theirs lets in known endpoints only"
    case .theirMappingVaries:
      "the peer's router seems to give it another port for each destination, and ours lets in known ones only"
    case .bothMappingsVary:
      "both routers give another port for each destination, so nobody knows where to dial"
    case .rejected: "a router answered with a reset: it rejects what it does not expect"
    case .noRoute: "there is no way to the peer's addresses from here"
    case .handshakeFailed: "a connection came through, but the handshake on it failed"
    case .wrongPeer: "somebody else answered at the peer's addresses"
    case .superseded: "the peer began another attempt"
    }
  }
}
