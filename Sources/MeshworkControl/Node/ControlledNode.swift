public import Meshwork

/// What the JSON-RPC server needs of a node. `MeshNode` is one; tests bring their own.
///
/// Values are in the units of the interface: milliseconds since the Unix epoch (`…Ms`) or durations.
/// What these calls throw goes to the client as the error's description, so it must be a sentence to act on.
public protocol ControlledNode: Sendable {
  /// What `node.info` answers.
  func nodeReport() async -> NodeReport
  /// What `peers.list` answers, in a stable order.
  func peerReports() async -> [PeerReport]
  /// Dials, upgrades and waits for the connection to stand.
  func connectReport(to address: Multiaddr) async throws -> ConnectReport
  /// Closes every connection with the peer.
  func disconnect(_ peer: PeerID) async throws
  /// Round trips, one after the other.
  func ping(_ peer: PeerID, count: Int) async throws -> [Duration]
  /// Every event from the first one kept on, in order; ends when the node has ended.
  func eventReports() async -> any AsyncSequence<NumberedEvent, Never> & Sendable
}
