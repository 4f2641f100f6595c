import Connection
import NIOCore
import SansIO
import Wire

// Streams of machines that there are once a node, and not once a stream: those of relaying, upgrades and
// reachability. Each says what is to be done to a stream by its handle; the stream may be gone by then.
extension Node {
  /// Words so few that they always have room, or nobody would be told of those that had none.
  func writeStream(_ bytes: ByteBuffer, on handle: StreamHandle) {
    withStream(handle) { entry, stream in try? entry.connection.write(bytes, to: stream) }
  }

  func consumeStream(_ count: Int, on handle: StreamHandle) {
    withStream(handle) { entry, stream in entry.connection.consumed(count, on: stream) }
  }

  func finishStream(_ handle: StreamHandle) {
    withStream(handle) { entry, stream in entry.connection.finish(stream) }
  }

  /// Resets a stream that its machine has forgotten.
  func resetStream(_ handle: StreamHandle) {
    withStream(handle) { entry, stream in
      entry.streams[stream] = nil
      entry.connection.reset(stream)
    }
  }

  private func withStream(
    _ handle: StreamHandle, _ body: (ConnectionEntry, Connection.StreamID) -> Void
  ) {
    guard let entry = entries[handle.connection], !entry.isClosing else { return }
    body(entry, Connection.StreamID(number: handle.stream))
    settle(entry)
  }

  /// Opens a stream for one of these machines and tells it so, before the peer has agreed to it. Nil when the
  /// connection is gone or has no room.
  func openShared(
    _ protocolName: ProtocolName, for owner: StreamOwner, on entry: ConnectionEntry?,
    tell: (StreamHandle?) -> Void
  ) {
    guard let entry, !entry.isClosing, let stream = try? openStream([protocolName], on: entry) else {
      return tell(nil)
    }
    entry.streams[stream] = owner
    tell(entry.handle(stream))
    settle(entry)
  }
}
