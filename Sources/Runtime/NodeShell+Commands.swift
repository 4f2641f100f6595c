package import NIOCore
package import Node
package import SansIO
package import Wire

/// What the application asks of the node.
extension NodeShell {
  /// Gives a command that is answered later. `answer` is called exactly once, on the loop, possibly before
  /// this returns; never after ``abandon()``.
  package func request(
    _ command: (Node, Instant) -> RequestID, answer: @escaping (Node.Answer) -> Void
  ) {
    let id = command(node, .now)
    requests[id] = answer
    finishTurn()
  }

  /// Handles a protocol: inbound streams of it come to the client.
  package func handle(_ protocolName: ProtocolName) {
    turn { node, _ in node.handle(protocolName) }
  }

  /// Queues bytes on a stream. `.sendBufferFull` takes nothing: wait for the client's `streamWritable`.
  package func write(_ data: ByteBuffer, to stream: StreamHandle) throws(NodeError) {
    defer { finishTurn() }
    try node.write(data, to: stream, at: .now)
  }

  /// Closes our sending half once everything queued has gone.
  package func finish(_ stream: StreamHandle) {
    turn { node, now in node.finish(stream, at: now) }
  }

  package func reset(_ stream: StreamHandle, code: UInt32) {
    turn { node, now in node.reset(stream, code: code, at: now) }
  }

  /// Tells the peer that the application has used these bytes and may be sent as many again.
  package func consumed(_ bytes: Int, on stream: StreamHandle) {
    turn { node, now in node.consumed(bytes, on: stream, at: now) }
  }
}
