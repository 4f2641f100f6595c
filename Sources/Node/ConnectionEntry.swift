import CircuitRelay
import Connection
import Identify
import Identity
import SansIO
import Wire

/// One connection in the node's table, with the machines that run on its streams.
///
/// A class, because a `Connection` is mutated in place through the table.
final class ConnectionEntry {
  let id: ConnectionID
  let direction: Direction
  let local: Multiaddr
  let remote: Multiaddr
  let transport: Transport
  let openedAt: Instant
  /// The effort this connection was dialled for, while it upgrades.
  var effort: DialEffortID?
  /// The attempt to reach a relayed peer directly that it was dialled for, while it upgrades.
  var punch: PunchDial?
  /// What it was dialled for, when it is of no other use.
  var dialBack: DialBack?
  var connection: Connection
  var phase: Phase = .upgrading
  var streams: [Connection.StreamID: StreamOwner] = [:]

  var roundTrip: Duration?
  var identify: IdentifyProgress = .pending
  /// Sequence number of the record we last told the peer here; nil until it asks.
  var toldSequence: UInt64?
  /// Requests that wait for identify to be done.
  var identifyWaiters: [RequestID] = []

  /// When somebody last had a use for the connection: a command, an application's bytes, the end of a useful
  /// stream. Pings that keep it alive are none, or no connection would ever be idle.
  var lastUse: Instant
  /// When anything last happened on it.
  var lastActivity: Instant
  /// Set when the connection's buffers were given back since its last activity.
  var isQuiet = false
  var isFlushRequested = false
  /// The peer has connected anew, perhaps because this connection is dead: nothing has been heard on it
  /// since.
  var isDoubted = false
  /// Set for a circuit that its relay will cut soon.
  var isEnding = false
  /// Of a circuit, in both directions.
  var carriedBytes = 0
  /// What of the connection's buffered bytes and streams is counted in the node's totals.
  var countedBytes = 0
  var countedStreams = 0

  /// What carries the connection's bytes.
  enum Transport {
    case socket
    /// A stream of a connection to a relay.
    case circuit(CircuitDescription, over: StreamHandle)
  }

  enum Phase {
    case upgrading
    case established(Established)
    /// The node is done with it; the socket still drains.
    case closing
  }

  struct Established {
    let peer: PeerID
    let elapsed: Duration
    let muxerNegotiation: Connection.MuxerNegotiation
  }

  enum IdentifyProgress {
    case pending, done, failed(NodeError)
  }

  init(
    id: ConnectionID, direction: Direction, local: Multiaddr, remote: Multiaddr, transport: Transport,
    effort: DialEffortID?, openedAt: Instant, connection: consuming Connection, now: Instant
  ) {
    self.id = id
    self.direction = direction
    self.local = local
    self.remote = remote
    self.transport = transport
    self.effort = effort
    self.openedAt = openedAt
    self.connection = connection
    lastUse = now
    lastActivity = now
  }

  var isClosing: Bool {
    if case .closing = phase { true } else { false }
  }

  func handle(_ stream: Connection.StreamID) -> StreamHandle {
    StreamHandle(connection: id, stream: stream.number)
  }

  var isRelayed: Bool {
    if case .circuit = transport { true } else { false }
  }

  /// Smaller is better: a direct connection, a circuit, a circuit that its relay will cut soon.
  var pathRank: Int { isRelayed ? isEnding ? 2 : 1 : 0 }

  /// The same with what is not known to be of use yet behind what is: a peer that only shows us that we can
  /// be reached answers nothing on the connection it made for that.
  var preference: Int {
    let isAnswered = if case .done = identify { true } else { false }
    return pathRank + (isDoubted ? 3 : 0) + (isAnswered ? 0 : 6)
  }

  /// Who is at the other end, once that is proved and while the connection is in use.
  var peer: PeerID? {
    switch phase {
    case .established(let established): established.peer
    case .upgrading, .closing: nil
    }
  }

  var summary: ConnectionSummary? {
    switch phase {
    case .established(let established): summary(of: established)
    case .upgrading, .closing: nil
    }
  }

  func summary(of established: Established) -> ConnectionSummary {
    ConnectionSummary(
      id: id, peer: established.peer, address: remote.naming(established.peer),
      path: isRelayed ? .relayed : .direct,
      direction: direction, elapsed: established.elapsed)
  }

  /// Streams that matter to somebody: identify comes and goes by itself.
  var usefulStreamCount: Int { streams.values.count(where: \.isUseful) }
  /// Streams that would be cut off if the connection went although there is another.
  var boundStreamCount: Int { streams.values.count(where: \.isBound) }
}

/// A connected peer: its connections and what it said of itself.
struct PeerEntry {
  /// In the order they were established.
  var connections: [ConnectionID] = []
  /// From identify and its pushes.
  var description: PeerDescription
}
