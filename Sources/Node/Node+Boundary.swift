package import AutoNAT
package import Chat
package import CircuitRelay
package import DCUtR
package import Identity
package import NIOCore
package import LocalDiscovery
package import Presence
package import SansIO
package import Wire

/// One attempt to reach one address.
package struct DialID: Hashable, Comparable, Sendable {
  package let rawValue: UInt64
  package init(rawValue: UInt64) { self.rawValue = rawValue }
  package static func < (left: Self, right: Self) -> Bool { left.rawValue < right.rawValue }
}

/// One question to the name system.
package struct ResolutionID: Hashable, Comparable, Sendable {
  package let rawValue: UInt64
  package init(rawValue: UInt64) { self.rawValue = rawValue }
  package static func < (left: Self, right: Self) -> Bool { left.rawValue < right.rawValue }
}

/// A command that is answered later, by ``Node/Output/answer(_:_:)`` with the same id, exactly once.
package struct RequestID: Hashable, Comparable, Sendable {
  package let rawValue: UInt64
  package init(rawValue: UInt64) { self.rawValue = rawValue }
  package static func < (left: Self, right: Self) -> Bool { left.rawValue < right.rawValue }
}

/// How a connection reaches its peer.
package enum Path: String, Sendable {
  case direct, relayed
}

/// Who opened a connection.
package enum Direction: String, Sendable {
  case inbound, outbound
}

/// Which port a dial leaves from.
package enum DialSource: Hashable, Sendable {
  /// Of a listening socket of the same family, where there is one and it is free: then what the peer observes
  /// is where others reach us.
  case listenPortIfPossible
  /// Of a listening socket: another one is of no use, because a router would map it differently.
  case listenPort
  /// Any that is free.
  case freshPort
}

/// What a dial met, in as much as something follows from it.
package enum DialProblem: Hashable, Sendable {
  /// A reset, or a message that the port is closed.
  case refused
  /// No route, no address of that version, or no socket.
  case unreachable
  case timedOut
  case other
}

/// A question for the shell's resolver.
package enum Resolution: Hashable, Sendable {
  /// A and/or AAAA records of a host.
  case host(String, family: Family)
  /// TXT records of a name (dnsaddr asks for `_dnsaddr.<domain>`).
  case text(String)

  package enum Family: Sendable { case any, ip4, ip6 }
}

/// What the resolver found.
package enum ResolutionAnswer: Sendable {
  /// `/ip4/…` and `/ip6/…` addresses, in the resolver's order.
  case addresses([Multiaddr])
  case texts([String])
  case failed(String)
}

extension Node {
  /// What the node asks of its shell, in order. Pull with ``Node/nextOutput()`` until nil after every call.
  package enum Output: Sendable {
    /// Open a TCP connection; answer with `dialed` or `dialFailed`.
    case dial(DialID, to: Multiaddr, from: DialSource)
    /// Forget this attempt; no answer is due.
    case cancelDial(DialID)
    case resolve(ResolutionID, Resolution)
    /// The connection has bytes to send: call `drainOutbound` when its socket can take them.
    case flush(ConnectionID)
    /// Drain and write what is left, then close the socket. The node has already forgotten the connection's
    /// peer; only `drainOutbound` and `transportClosed` are still valid for it.
    case close(ConnectionID)
    case answer(RequestID, Answer)
    case event(Event)
    /// Keep these, all or none, in the order of the outputs; answer with `saved`.
    case save(SaveID, [Write])
    /// Send this datagram from the link's socket.
    case multicast(ByteBuffer, on: Link, to: LocalDiscovery.Machine.Destination)
    /// A line for the key log file, to be written before anything is drained.
    case keyLog(String)
    /// An inbound stream of a protocol the application handles.
    case streamOpened(StreamHandle, peer: PeerID, protocolName: ProtocolName)
    /// Bytes of an application stream; give `consumed` back when they have been used.
    case streamData(StreamHandle, ByteBuffer)
    /// The peer will send no more.
    case streamFinished(StreamHandle)
    /// The stream is gone, nothing more comes for it.
    case streamClosed(StreamHandle, resetCode: UInt32?)
    /// A stream that refused a write has room again.
    case streamWritable(StreamHandle)
    /// Shutdown is complete: everything is closed.
    case stopped
  }

  /// The answer to a request.
  package enum Answer: Sendable {
    case connected(ConnectionSummary)
    case disconnected
    case pinged([Duration])
    case identified(PeerSummary)
    case streamOpened(StreamHandle, ProtocolName)
    case measured(PerfSummary)
    case failed(NodeError)
  }

  /// What happened, for people, logs and clients. Field names and meaning are those of INTERFACES.md.
  package enum Event: Sendable {
    case listening(Multiaddr)
    case connectionOpened(ConnectionSummary)
    case connectionClosed(ConnectionSummary, reason: String)
    case identified(PeerSummary)
    /// Said by us on the chat topic.
    case announced(Announcement)
    case peerOnline(PeerID, via: Presence.Machine.Life)
    /// `silence`: since the last life received.
    case peerOffline(PeerID, Presence.Machine.OfflineReason, silence: Duration)
    /// A message of ours has been kept: whatever happens now, it is not lost.
    case messageKept(MessageKey)
    /// Another's message, kept and told once.
    case messageReceived(Chat.Message)
    /// A message of ours has come further.
    case messageState(MessageKey, DeliveryState)
    /// Messages of an author that were not heard, though later ones were.
    case messagesMissing(room: String, author: PeerID, ClosedRange<UInt64>)
    /// How it stands with our reservation at a relay.
    case reservation(PeerID, ReservationState)
    /// Whether others can reach us, and at which addresses that is known.
    case reachability(AutoNAT.Reachability, [Multiaddr])
    /// An attempt to reach a peer directly that is connected through a relay.
    case upgrade(DCUtR.Outcome)
    /// As a relay that leaves: nothing is left of what there was.
    case drained
    case warning(String, detail: String)
  }
}

/// A connection as others see it.
package struct ConnectionSummary: Sendable {
  package let id: ConnectionID
  package let peer: PeerID
  package let address: Multiaddr
  package let path: Path
  package let direction: Direction
  /// From the command, or from the accept, until the upgrade was complete.
  package let elapsed: Duration
}

/// What is known of a connected (or once known) peer.
package struct PeerSummary: Sendable {
  package let peer: PeerID
  package let isConnected: Bool
  package let path: Path?
  package let addresses: [Multiaddr]
  package let roundTrip: Duration?
  package let agent: String?
  package let protocolVersion: String?
  package let protocols: [ProtocolName]
  /// Our address as this peer saw it.
  package let observedAddress: Multiaddr?
  /// True when the peer's addresses come from a signed record that verified.
  package let hasSignedRecord: Bool
  /// How it stands with reaching it directly; nil without a relayed connection.
  package let upgrade: DCUtR.Summary?
  /// Whether it is there, by what it said; nil for one that never said anything.
  package let presence: PeerPresence?
}

/// Whether a chat peer is there.
package struct PeerPresence: Hashable, Sendable {
  package let isOnline: Bool
  /// When it last showed life; nil if not in this run.
  package let lastLife: Instant?

  init(_ known: (isOnline: Bool, lastLife: Instant?)) { (isOnline, lastLife) = known }
}

/// What a perf run measured.
package struct PerfSummary: Sendable {
  package let uploadedBytes: UInt64
  package let upload: Duration
  package let downloadedBytes: UInt64
  package let download: Duration
  package let protocolName: ProtocolName
}

/// Why a command failed, in words a person can act on.
package enum NodeError: AttributedError {
  /// No address of the peer is known, or none that this node can dial.
  case noAddresses(String)
  /// Every address was tried; the reasons stand in the order of the attempts.
  case unreachable([DialAttempt])
  /// The peer at the address proved another identity.
  case wrongPeer(expected: PeerID, actual: PeerID)
  case notConnected(PeerID)
  case unsupportedProtocol([ProtocolName])
  case unsupportedAddress(Multiaddr, String)
  case dialToSelf
  case limit(String)
  case timeout(String)
  case streamReset(code: UInt32)
  case connectionLost(String)
  case protocolViolation(String)
  case sendBufferFull
  case noSuchStream
  case shuttingDown

  package struct DialAttempt: Hashable, Sendable {
    package let address: Multiaddr
    package let reason: String

    package init(address: Multiaddr, reason: String) {
      self.address = address
      self.reason = reason
    }
  }

  package var fault: Fault {
    switch self {
    case .wrongPeer, .unsupportedProtocol, .streamReset, .protocolViolation: .peer
    case .limit, .sendBufferFull: .limit
    case .noAddresses, .unreachable, .notConnected, .unsupportedAddress, .dialToSelf, .timeout,
      .connectionLost,
      .noSuchStream, .shuttingDown:
      .local
    }
  }
}
