public import Identity
public import NIOCore
import Node
import SansIO

/// A stream of bytes to a peer and back, on a connection shared with others.
///
/// Both directions push back: the peer can send only as much ahead as ``read()`` has taken (256 KiB at first,
/// more on long fast paths), and ``write(_:)`` waits while the peer does not read. Safe to use from several
/// tasks; reads are for one task at a time, writes of several tasks follow each other whole.
///
/// A stream that is dropped is closed: gracefully when ``finish()`` was called, by a reset otherwise.
public final class MeshStream: Sendable {
  /// The peer, proven.
  public let peer: PeerID
  /// What is spoken, as agreed.
  public let protocolName: String
  /// Who opened it.
  public let direction: ConnectionInfo.Direction

  private let node: MeshNode
  let handle: StreamHandle

  init(
    _ handle: StreamHandle, peer: PeerID, protocolName: String, direction: ConnectionInfo.Direction,
    node: MeshNode
  ) {
    self.handle = handle
    self.peer = peer
    self.protocolName = protocolName
    self.direction = direction
    self.node = node
  }

  deinit {
    let handle = handle
    node.onLoop { $0.streamDropped(handle) }
  }

  /// The next bytes, at least one; waits for them. Nil once the peer has finished and everything has been
  /// read.
  ///
  /// Throws ``MeshError`` when the stream or its connection fails (what arrived before can still be read
  /// first), and `CancellationError` when the task is cancelled, which loses nothing.
  public func read() async throws -> ByteBuffer? {
    try await node.read(from: handle)
  }

  /// Sends bytes; waits until all are queued, within the stream's bounds, on their way to the peer.
  ///
  /// Throws ``MeshError`` when the stream or its connection fails, and `CancellationError` when the task is
  /// cancelled while waiting; a part may have been sent then.
  public func write(_ data: ByteBuffer) async throws {
    try await node.write(data, to: handle)
  }

  /// Sends text as UTF-8; otherwise as ``write(_:)-(ByteBuffer)``.
  public func write(_ text: String) async throws {
    try await write(ByteBuffer(string: text))
  }

  /// Says that no more will be sent, after everything written. Reading goes on.
  public func finish() {
    let handle = handle
    node.onLoop { $0.finish(handle) }
  }

  /// Gives the stream up in both directions, at once. The code is the application's and reaches peers that
  /// know such codes.
  public func reset(code: UInt32 = 0) {
    let handle = handle
    node.onLoop { $0.reset(handle, code: code) }
  }
}

extension MeshStream: AsyncSequence {
  /// Reads until the peer has finished.
  public func makeAsyncIterator() -> Iterator { Iterator(stream: self) }

  /// Reads a stream piece by piece.
  public struct Iterator: AsyncIteratorProtocol {
    let stream: MeshStream

    /// As ``MeshStream/read()``.
    public mutating func next() async throws -> ByteBuffer? { try await stream.read() }

    /// As ``MeshStream/read()``.
    public mutating func next(isolation actor: isolated (any Actor)?) async throws -> ByteBuffer? {
      try await stream.read()
    }
  }
}
