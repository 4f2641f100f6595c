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
    /// This node said on the chat topic that it is there.
    case presenceSent(Announcement)
    /// A peer is there.
    case peerOnline(PeerID, via: Life)
    /// A peer is gone: it was silent for too long, or said that it leaves.
    case peerOffline(PeerID, reason: OfflineReason, silence: Duration)
    /// Another's message: kept, and told once.
    case messageReceived(ChatMessage)
    /// A message of this node's has come further.
    case messageState(id: String, ChatMessage.State)
    /// Messages of an author in a room that did not come, though later ones did.
    case messagesMissing(room: String, author: PeerID, ClosedRange<UInt64>)
    /// How it stands with this node's reservation at a relay.
    case reservation(Reservation)
    /// Whether others can reach this node, and the addresses where that is known.
    case reachability(NodeInfo.Reachability, [Multiaddr])
    /// A step of an attempt to reach a peer directly that is connected through a relay.
    case holePunch(HolePunch)
    /// As a relay that leaves: nothing is left of what there was.
    case drained
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
    case .presenceSent: "presence.sent"
    case .peerOnline: "peer.online"
    case .peerOffline: "peer.offline"
    case .messageReceived: "message.received"
    case .messageState: "message.state"
    case .messagesMissing: "message.missing"
    case .reservation: "reservation"
    case .reachability: "reachability"
    case .holePunch: "holepunch"
    case .drained: "drained"
    case .warning: "warning"
    case .gap: "gap"
    }
  }
}

extension Event {
  /// A step of being reachable through a relay.
  public struct Reservation: Sendable, Hashable {
    /// What happened.
    public enum State: String, Sendable, Hashable {
      /// The relay has been asked.
      case requested
      /// It has agreed, for the first time or again.
      case accepted
      /// It has not, or did not answer.
      case refused
      /// What was held is gone.
      case lost
    }

    /// The relay.
    public let relay: PeerID
    /// What happened.
    public let state: State
    /// When a reservation ends, in milliseconds since the Unix epoch.
    public let expiresMs: Int64?
    /// Why it was refused or lost.
    public let reason: String?
  }

  /// How a node says that it is there.
  public enum Announcement: String, Sendable, Hashable {
    /// It has come.
    case presence = "PRESENCE"
    /// It answers one that has come.
    case welcome = "WELCOME"
    /// It is still there.
    case refresh = "REFRESH"
  }

  /// What showed that a peer is there.
  public enum Life: String, Sendable, Hashable {
    /// It announced that it came, …
    case presence
    /// … answered one who came, …
    case welcome
    /// … said that it is still there, …
    case refresh
    /// … or wrote something.
    case message
    /// A connection opened anew to a peer that was known.
    case connection
  }

  /// Why a peer is no longer there.
  public enum OfflineReason: String, Sendable, Hashable {
    /// Silent for too long.
    case reaped
    /// It said so.
    case left
  }
}
