import DequeModule
package import Identity
import NIOCore
package import SansIO
package import Wire

/// The relay: grants reservations, and splices the streams of a circuit.
///
/// The driver tells it connections, the hop streams that peers open, and what arrives on every stream that is
/// its own. After each call pull `nextEvent` until nil; then give streams their turn:
///
///     while let stream = service.nextStreamWithOutbound() {
///       let room = …                       // what the stream takes now; none: `streamWritable` comes later
///       if let chunk = service.nextChunk(for: stream, maxBytes: room, at: now) { … write it … }
///     }
///
/// and pull events again, until neither gives anything. A turn is one chunk, so circuits share fairly.
package struct Service: Sendable {
  package enum Event: Hashable, Sendable {
    /// Open a stop stream on this connection; answer with `opened` or `openFailed`.
    case openStop(OpenID, on: ConnectionID)
    /// These bytes of a stream have been used: its window may open.
    case consumed(Int, on: StreamHandle)
    /// Nothing more will be sent on it.
    case finish(StreamHandle)
    case reset(StreamHandle)
    /// Newly granted; refreshing one is no event.
    case reserved(PeerID)
    case reservationEnded(PeerID, ReservationEnd)
    case circuitOpened(CircuitID, from: PeerID, to: PeerID)
    case circuitClosed(CircuitID, CircuitEnd, bytesToTarget: UInt64, bytesFromTarget: UInt64)
    /// The relay leaves and this peer's turn has come: close its connections, so that it moves on.
    case release(PeerID)
    /// Nothing is left of what there was when draining began.
    case drained
  }

  package enum ReservationEnd: Hashable, Sendable { case expired, disconnected, drained }

  package enum CircuitEnd: Hashable, Sendable {
    case finished, broken, bytesLimit, timeLimit, stalled, memory, drained
  }

  enum Due: Hashable, Sendable {
    case stream(StreamHandle), circuit(CircuitID), reservation(PeerID), drain
  }

  enum StreamState: Sendable {
    /// A hop stream whose request is not whole.
    case requested(LengthPrefixedFrames)
    case circuit(CircuitID, Circuit.End)
    /// What is still to be sent is its last.
    case answered(ByteBuffer)
  }

  struct ConnectionState: Sendable {
    let peer: PeerID
    let local: Multiaddr
    let origin: Origin
    let isRelayed: Bool
    var streams: Set<StreamHandle> = []
    var requests = 0
  }

  struct Slot: Sendable {
    var connection: ConnectionID
    var origin: Origin
    /// In the order of the first grants.
    let number: UInt64
  }

  let keyPair: KeyPair
  package let configuration: ServiceConfiguration
  package internal(set) var counters = ServiceCounters()

  var now: Instant
  var events: Deque<Event> = []
  var deadlines = DeadlineQueue<Due>()
  /// Where clients are told to find us, our own peer at the end.
  var announced: [Multiaddr] = []

  var connections: [ConnectionID: ConnectionState] = [:]
  /// Of each peer those that are no circuits themselves, in the order they came.
  var directConnections: [PeerID: [ConnectionID]] = [:]

  var slots: [PeerID: Slot] = [:]
  var slotNumber: UInt64 = 0
  var slotsPerHost = Tally<AddressPrefix>()
  var slotsPerNetwork = Tally<AddressPrefix>()
  var reservationsOfPeer: RateLimiter<PeerID>
  var reservationsOfHost: RateLimiter<AddressPrefix>

  var streams: [StreamHandle: StreamState] = [:]
  var requestCount = 0
  var circuits: [CircuitID: Circuit] = [:]
  var circuitNumber: UInt64 = 0
  var circuitsPerPeer = Tally<PeerID>()
  var connectsOfPeer: RateLimiter<PeerID>
  var connectsOfHost: RateLimiter<AddressPrefix>
  var opening: [OpenID: CircuitID] = [:]
  /// Streams that have something to send, next one first. Some may have lost it since.
  var line: Deque<StreamHandle> = []
  var heldBytes = 0

  var draining: Draining?

  package init(keyPair: KeyPair, configuration: ServiceConfiguration = .init(), now: Instant) {
    self.keyPair = keyPair
    self.configuration = configuration
    self.now = now
    reservationsOfPeer = RateLimiter(configuration.reservationRatePerPeer, keysMax: configuration.ratesMax)
    reservationsOfHost = RateLimiter(configuration.reservationRatePerAddress, keysMax: configuration.ratesMax)
    connectsOfPeer = RateLimiter(configuration.circuitRatePerPeer, keysMax: configuration.ratesMax)
    connectsOfHost = RateLimiter(configuration.circuitRatePerAddress, keysMax: configuration.ratesMax)
  }

  // MARK: Commands

  /// Where peers can reach this relay, best first. Without any, a client is told where it connected to.
  package mutating func announce(_ addresses: [Multiaddr]) {
    announced = Reservation.fitting(addresses.filter { !$0.isCircuit }.compactMap(withOwnPeer))
  }

  func withOwnPeer(_ address: Multiaddr) -> Multiaddr? {
    switch address.peerID {
    case keyPair.peerID?: address
    case nil: try? address.appending(keyPair.peerID)
    default: nil
    }
  }

  // MARK: Connections

  /// - Parameters:
  ///   - local, remote: where the connection was made to and where it came from.
  ///   - isRelayed: whether it is a circuit of some relay itself.
  package mutating func peerConnected(
    _ peer: PeerID, on connection: ConnectionID, local: Multiaddr, remote: Multiaddr, isRelayed: Bool
  ) {
    guard connections[connection] == nil else { return }
    connections[connection] = ConnectionState(
      peer: peer, local: local, origin: Origin(remote), isRelayed: isRelayed)
    if !isRelayed { directConnections[peer, default: []].append(connection) }
  }

  /// A connection is gone, and its streams with it; with a peer's last one its reservation.
  package mutating func peerDisconnected(_ connection: ConnectionID, at now: Instant) {
    self.now = now
    guard let state = connections[connection] else { return }
    for stream in state.streams.sorted() { streamEnded(stream, wasReset: true, at: now) }
    connections[connection] = nil
    guard !state.isRelayed else { return }
    directConnections[state.peer]?.removeAll { $0 == connection }
    if let other = directConnections[state.peer]?.last {
      if slots[state.peer]?.connection == connection { slots[state.peer]?.connection = other }
    } else {
      directConnections[state.peer] = nil
      endReservation(of: state.peer, .disconnected)
    }
  }

  // MARK: What there is

  package var reservationCount: Int { slots.count }
  package var circuitCount: Int { circuits.count }
  /// Bytes of circuits that wait for a reader.
  package var heldByteCount: Int { heldBytes }
  package var isDraining: Bool { draining != nil }
  package func hasReservation(_ peer: PeerID) -> Bool { slots[peer] != nil }

  // MARK: Time

  package var deadline: Instant? {
    mutating get { deadlines.earliest }
  }

  package mutating func advance(to now: Instant) {
    self.now = now
    while let due = deadlines.popExpired(at: now) {
      switch due {
      case .stream(let stream): streamIsLate(stream)
      case .circuit(let id): circuitIsDue(id)
      case .reservation(let peer): endReservation(of: peer, .expired)
      case .drain: drainNext()
      }
    }
  }

  // MARK: Outputs

  package mutating func nextEvent() -> Event? { events.popFirst() }
}
