import DequeModule
import Identity
import NIOCore
import SansIO
package import Wire

/// Where every layer puts what it finds, and what it may look at: the packet of the moment, whose bytes they
/// are, the keys.
package struct Findings: Sendable {
  /// Whose bytes are being read.
  struct Scope: Sendable {
    var connection: Int
    /// The initiator's first.
    var ends: (initiator: Endpoint, responder: Endpoint)
    var circuit: [Circuit] = []
    /// Which end of TCP the initiator of the layer being read is at.
    var orientation: Role = .initiator
    /// At the ends of TCP or, inside a circuit, of the circuit.
    var peers: (initiator: PeerID?, responder: PeerID?) = (nil, nil)
    var stream: UInt32?
    var protocolName: ProtocolName?
    var pace = StreamPace()

    /// The end of TCP at which a side of the layer being read is.
    func end(of side: Role) -> Role { orientation == .initiator ? side : side.opposite }

    func endpoint(of side: Role) -> Endpoint {
      end(of: side) == .initiator ? ends.initiator : ends.responder
    }

    /// Nil while nothing has proven who it is.
    func peer(of side: Role) -> PeerID? {
      end(of: side) == .initiator ? peers.initiator : peers.responder
    }

    mutating func prove(_ peer: PeerID, at side: Role) {
      switch end(of: side) {
      case .initiator: peers.initiator = peer
      case .responder: peers.responder = peer
      }
    }
  }

  package let limits: Limits
  var showsWindows: Bool
  /// Of the bytes being read.
  package internal(set) var stamp = Stamp(packet: 0, time: .zero)
  var scope = Scope(
    connection: 0,
    ends: (
      Endpoint(address: .v4(.any), port: 0), Endpoint(address: .v4(.any), port: 0)
    ))
  package internal(set) var keys: KeyRing
  private var items: Deque<Item> = []

  init(limits: Limits, keys: KeyRing, showsWindows: Bool) {
    self.limits = limits
    self.keys = keys
    self.showsWindows = showsWindows
  }

  /// Adds what `side` of the layer being read has said.
  package mutating func add(_ what: What, by side: Role) {
    let speaker = scope.end(of: side)
    let isInitiator = speaker == .initiator
    items.append(
      Item(
        stamp: stamp, connection: scope.connection, circuit: scope.circuit, speaker: speaker,
        sender: isInitiator ? scope.ends.initiator : scope.ends.responder,
        receiver: isInitiator ? scope.ends.responder : scope.ends.initiator,
        sendingPeer: isInitiator ? scope.peers.initiator : scope.peers.responder,
        receivingPeer: isInitiator ? scope.peers.responder : scope.peers.initiator,
        stream: scope.stream, protocolName: scope.protocolName, what: what))
  }

  mutating func popFirst() -> Item? { items.popFirst() }
}

/// How far a stream has come.
struct StreamPace: Sendable {
  var began = Instant.zero
  /// How often the side that was asked has spoken behind the opener.
  var roundTrips = 0
  private var last: Role?

  init(at now: Instant = .zero) { began = now }

  mutating func spoken(by side: Role) {
    if side == .responder, last == .initiator { roundTrips += 1 }
    last = side
  }
}

/// Bytes in their order, and the packet with which they were.
struct Run: Sendable {
  var bytes: ByteBuffer
  let stamp: Stamp
}
