public import Identity
import Node
public import Wire

/// Why something asked of a node failed, in words a person can act on.
public enum MeshError: Error, Hashable, Sendable {
  /// The node has not been started.
  case notStarted
  /// The node is shutting down, or has.
  case shuttingDown
  /// A listening address that cannot be used.
  case cannotListen(Multiaddr, reason: String)
  /// No address of the peer is known, or none that this node can dial.
  case noAddresses(String)
  /// Every address was tried; the reasons stand in the order of the attempts.
  case unreachable([DialAttempt])
  /// The peer at the address proved another identity.
  case wrongPeer(expected: PeerID, actual: PeerID)
  /// There is no connection to the peer.
  case notConnected(PeerID)
  /// The peer speaks none of the protocols.
  case unsupportedProtocol([String])
  /// No transport of this node reaches the address.
  case unsupportedAddress(Multiaddr, reason: String)
  /// The address leads to this node itself.
  case dialToSelf
  /// A limit of this node, named.
  case limit(String)
  /// What did not happen in time.
  case timeout(String)
  /// The peer gave the stream up; the code is the application's.
  case streamReset(code: UInt32)
  /// The connection went away.
  case connectionLost(String)
  /// The peer broke a protocol.
  case protocolViolation(String)
  /// The stream is closed for what was asked of it.
  case streamClosed
  /// Something that only a messenger can do (``Configuration/messenger``).
  case notAMessenger
  /// A message that cannot be sent or a room that cannot be joined, and why.
  case refused(String)
  /// Two tasks read one stream at once.
  case concurrentRead

  /// One address that was tried, and what became of it.
  public struct DialAttempt: Hashable, Sendable {
    /// The address.
    public let address: Multiaddr
    /// Why it did not work.
    public let reason: String
  }
}

extension MeshError {
  init(_ error: NodeError) {
    self =
      switch error {
      case .noAddresses(let detail): .noAddresses(detail)
      case .unreachable(let attempts):
        .unreachable(attempts.map { DialAttempt(address: $0.address, reason: $0.reason) })
      case .wrongPeer(let expected, let actual): .wrongPeer(expected: expected, actual: actual)
      case .notConnected(let peer): .notConnected(peer)
      case .unsupportedProtocol(let names): .unsupportedProtocol(names.map(\.rawValue))
      case .unsupportedAddress(let address, let reason): .unsupportedAddress(address, reason: reason)
      case .dialToSelf: .dialToSelf
      case .limit(let detail): .limit(detail)
      case .timeout(let detail): .timeout(detail)
      case .streamReset(let code): .streamReset(code: code)
      case .connectionLost(let reason): .connectionLost(reason)
      case .protocolViolation(let detail): .protocolViolation(detail)
      case .sendBufferFull: .limit("the stream's send buffer is full")
      case .noSuchStream: .streamClosed
      case .shuttingDown: .shuttingDown
      }
  }
}

extension MeshError: CustomStringConvertible {
  /// One line: what was wrong, where, and what to do where something can be done.
  public var description: String {
    switch self {
    case .notStarted: "the node has not been started"
    case .shuttingDown: "the node is shutting down"
    case .cannotListen(let address, let reason): "cannot listen on \(address): \(reason)"
    case .noAddresses(let detail): "no address to dial: \(detail)"
    case .unreachable(let attempts):
      "unreachable: " + attempts.map { "\($0.address): \($0.reason)" }.joined(separator: "; ")
    case .wrongPeer(let expected, let actual):
      "the peer at the address is \(actual), not \(expected); check the end of the address"
    case .notConnected(let peer): "not connected to \(peer)"
    case .unsupportedProtocol(let names): "the peer does not speak \(names.joined(separator: " or "))"
    case .unsupportedAddress(let address, let reason): "cannot dial \(address): \(reason)"
    case .dialToSelf: "the address leads to this node itself"
    case .limit(let detail): "limit reached: \(detail)"
    case .timeout(let detail): "timed out: \(detail)"
    case .streamReset(let code): "the peer reset the stream (code \(code))"
    case .connectionLost(let reason): "connection lost: \(reason)"
    case .protocolViolation(let detail): "the peer broke a protocol: \(detail)"
    case .streamClosed: "the stream is closed"
    case .notAMessenger: "this node keeps no presence, rooms or messages"
    case .refused(let reason): reason
    case .concurrentRead: "another task is already reading this stream"
    }
  }
}
