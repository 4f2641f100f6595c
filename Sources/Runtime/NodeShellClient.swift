package import Identity
package import NIOCore
package import Node
package import SansIO
package import Wire

/// Who uses a node: receives, on the node's event loop, what the node has for the application.
///
/// Calls come from inside a turn. Commands given from within one are allowed: they reach the node at once and
/// their outputs join the turn.
package protocol NodeShellClient: AnyObject {
  func happened(_ event: Node.Event)
  /// An inbound stream of a protocol that the application handles.
  func streamOpened(_ stream: StreamHandle, peer: PeerID, protocolName: ProtocolName)
  func streamReceived(_ data: ByteBuffer, on stream: StreamHandle)
  func streamFinished(_ stream: StreamHandle)
  func streamClosed(_ stream: StreamHandle, resetCode: UInt32?)
  func streamWritable(_ stream: StreamHandle)
}
