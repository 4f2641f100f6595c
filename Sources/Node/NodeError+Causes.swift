import Connection
import Identity
import SansIO
import Wire

extension NodeError {
  init(_ error: ConnectionError) {
    if let peers = error.wrongPeer {
      self = .wrongPeer(expected: peers.expected, actual: peers.actual)
    } else if error.layer == .time {
      self = .timeout("\(error)")
    } else {
      self = .protocolViolation("\(error)")
    }
  }

  init(_ error: StreamError) {
    switch error {
    case .sendBufferFull: self = .sendBufferFull
    case .notOpen: self = .noSuchStream
    case .limit(let what): self = .limit(what)
    case .unspeakable:
      self = .limit("protocol names: 1 to 16, beginning with a slash, without control characters")
    case .closing: self = .connectionLost("closing")
    }
  }
}

extension NodeError: CustomStringConvertible {
  /// A sentence for a person: what was wrong, and where.
  package var description: String {
    switch self {
    case .noAddresses(let peer): "no address known for \(peer)"
    case .unreachable(let attempts):
      attempts.isEmpty
        ? "unreachable"
        : attempts.prefix(8).map { "\($0.address): \($0.reason)" }.joined(separator: "; ")
    case .wrongPeer(let expected, let actual): "the peer is \(actual), not \(expected)"
    case .notConnected(let peer): "not connected to \(peer), and no address of it is known"
    case .unsupportedProtocol(let names):
      "the peer does not speak \(names.map(\.rawValue).joined(separator: " or "))"
    case .unsupportedAddress(let address, let why): "\(address): \(why)"
    case .dialToSelf: "this is the node's own identity"
    case .limit(let what): "limit reached: \(what)"
    case .timeout(let what): "timed out: \(what)"
    case .streamReset(let code): "the peer reset the stream" + (code == 0 ? "" : " (code \(code))")
    case .connectionLost(let reason): "connection lost: \(reason)"
    case .protocolViolation(let what): "the peer broke the protocol: \(what)"
    case .sendBufferFull: "the stream's send buffer is full"
    case .noSuchStream: "no such stream"
    case .shuttingDown: "the node is shutting down"
    }
  }
}
