package import AutoNAT

/// A question whether others can reach a node, and what was found.
package enum AutoNATFact: Hashable, Sendable {
  case v1(V1Message)
  case v2(V2Message)
  /// By the server, on the connection that it has made to see whether it can.
  case dialBack(nonce: UInt64)
  case dialBackTaken(Bool)
}
