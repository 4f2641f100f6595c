public import Identity
public import Wire

/// Something that happened to a node.
public struct Event: Sendable, Hashable {
  /// One more than the event's before, from 1 on in every run of the node.
  public let sequence: UInt64
  /// Milliseconds since the Unix epoch.
  public let timeMs: Int64
  /// What happened.
  public let payload: Payload

  /// What happened. Each kind has a name for programs in ``type``.
  public enum Payload: Sendable, Hashable {
    /// The node listens and can be used.
    case ready(peerID: PeerID, listenAddresses: [Multiaddr])
    /// One more address connections are accepted at.
    case listening(Multiaddr)
    /// A connection is authenticated and encrypted.
    case connectionOpened(ConnectionInfo)
    /// A connection is gone.
    case connectionClosed(ConnectionInfo, reason: String)
    /// A peer said who it is, what it speaks, and how it sees us.
    case identified(PeerInfo)
    /// Something a person should know. The node goes on.
    case warning(text: String, detail: String)
    /// Events this subscriber was too slow, or came too late, for. The event's number is the last missed
    /// one's.
    case gap(missed: UInt64)
  }

  /// The payload's name on the wire: `connection.opened`.
  public var type: String {
    switch payload {
    case .ready: "ready"
    case .listening: "listening"
    case .connectionOpened: "connection.opened"
    case .connectionClosed: "connection.closed"
    case .identified: "identified"
    case .warning: "warning"
    case .gap: "gap"
    }
  }
}
