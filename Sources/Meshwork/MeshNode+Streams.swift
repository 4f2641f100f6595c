public import Identity
import NIOCore
import Node
import Runtime
import SansIO
import Wire

/// Streams.
extension MeshNode {
  /// Opens a stream to a peer for the first of `protocols` that it speaks; connects first, when the node
  /// knows an address of the peer.
  public func openStream(to peer: PeerID, protocols: [String]) async throws -> MeshStream {
    let names = protocols.map { ProtocolName($0) }
    switch try await answer(to: { $0.openStream(to: peer, protocols: names, at: $1) }) {
    case .streamOpened(let stream, let name):
      return MeshStream(stream, peer: peer, protocolName: name.rawValue, direction: .outbound, node: self)
    case let other: preconditionFailure("the node answered another question: \(other)")
    }
  }

  /// Speaks a protocol: every stream that a peer opens for it is given to `handler`, in a task of its own.
  /// When the handler returns, the stream is finished and closed. A second handler for a name takes the first
  /// one's place.
  public func handle(_ protocolName: String, _ handler: @escaping @Sendable (MeshStream) async -> Void) {
    let name = ProtocolName(protocolName)
    switchboard.handlers[name] = handler
    shell.handle(name)
  }

  func read(from stream: StreamHandle) async throws -> ByteBuffer? {
    switch try switchboard.read(from: stream) {
    case .bytes(let bytes): return bytes
    case .end: return nil
    case .wait: break
    }
    let ticket = switchboard.nextTicket()
    return try await withTaskCancellationHandler {
      try await withCheckedThrowingContinuation { continuation in
        switchboard.wait(toRead: stream, as: .init(ticket: ticket, continuation: continuation))
      }
    } onCancel: {
      onLoop { $0.switchboard.cancelRead(ticket, of: stream) }
    }
  }

  func write(_ data: ByteBuffer, to stream: StreamHandle) async throws {
    guard let rest = try switchboard.write(data, to: stream) else { return }
    let ticket = switchboard.nextTicket()
    try await withTaskCancellationHandler {
      try await withCheckedThrowingContinuation { continuation in
        switchboard.wait(toWrite: stream, as: .init(ticket: ticket, rest: rest, continuation: continuation))
      }
    } onCancel: {
      onLoop { $0.switchboard.cancelWrite(ticket, of: stream) }
    }
  }

  func finish(_ stream: StreamHandle) { switchboard.finish(stream) }
  func reset(_ stream: StreamHandle, code: UInt32) { switchboard.reset(stream, code: code) }
  func streamDropped(_ stream: StreamHandle) { switchboard.dropped(stream) }
}
