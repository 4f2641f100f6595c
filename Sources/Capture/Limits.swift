/// What a capture can make its reader hold.
package struct Limits: Hashable, Sendable {
  /// Connections remembered. Beyond it those that were silent longest are finished and forgotten.
  package var conversationsMax = 8192
  /// Bytes of one direction that wait for a segment before them: what a kernel's largest default receive
  /// window (`tcp_rmem`) lets a sender have on its way.
  package var outOfOrderBytesMax = 8 << 20
  /// Pieces of one direction that wait, so that a megabyte of single bytes is no table of a million.
  package var outOfOrderPiecesMax = 8192
  /// Bytes of one stream or channel that wait for what explains them: an answer, a key. Yamux's first window,
  /// beyond which an honest peer has had an answer.
  package var unexplainedBytesMax = 256 << 10
  /// Open streams of one connection.
  package var streamsMax = 4096
  /// All that is held for all connections together. A connection that would exceed it is read no further.
  package var heldBytesMax = 256 << 20
  /// Connections inside connections: a circuit through relays of relays.
  package var nestingMax = 4
  /// A gossip RPC, as the routers limit it.
  package var rpcBytesMax = 1 << 20

  package init() {}
}
