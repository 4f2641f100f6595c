package import Identity
package import SansIO
package import Wire

/// Where in a capture something stands.
package struct Stamp: Hashable, Comparable, Sendable {
  /// From 1, in the order of the capture, as tcpdump and tshark count.
  package var packet: Int
  /// Since the Unix epoch.
  package var time: Instant

  package init(packet: Int, time: Instant) {
    self.packet = packet
    self.time = time
  }

  package static func < (left: Stamp, right: Stamp) -> Bool { left.packet < right.packet }
}

/// An address and a port of TCP.
package struct Endpoint: Hashable, Comparable, Sendable, CustomStringConvertible {
  package var address: IPAddress
  package var port: UInt16

  package init(address: IPAddress, port: UInt16) {
    self.address = address
    self.port = port
  }

  package static func < (left: Endpoint, right: Endpoint) -> Bool {
    (left.address, left.port) < (right.address, right.port)
  }

  package var description: String {
    switch address {
    case .v4(let address): "\(address):\(port)"
    case .v6(let address): "[\(address)]:\(port)"
    }
  }
}

/// A circuit through a relay, by the stream of one leg of it.
package struct Circuit: Hashable, Sendable {
  /// Of the muxer of the connection with the relay.
  package let stream: UInt32
  /// Nil where nothing has proven who it is.
  package let relay: PeerID?
  /// The relay's end of this leg.
  package let relayEndpoint: Endpoint
  /// Who asked for it and whom it leads to, by the word of the relay's protocol. What Noise inside has proven
  /// is in the item's peers.
  package let initiator: PeerID?
  package let target: PeerID?
}

/// One thing that was said, by whom to whom, and in which packet it was complete.
package struct Item: Hashable, Sendable {
  package var stamp: Stamp
  /// Which TCP connection of the capture, from 1 in the order in which they appear.
  package var connection: Int
  /// The circuits inside which this was said, outermost first; empty for a direct connection.
  package var circuit: [Circuit]
  /// Which end of the TCP connection spoke: the initiator is the one whose SYN came first, or, where there is
  /// none in the capture, the one whose packet did.
  package var speaker: Role
  package var sender: Endpoint
  package var receiver: Endpoint
  /// Who is at the ends of the channel, once Noise has proven it. A `Timeline` has it from the start.
  package var sendingPeer: PeerID?
  package var receivingPeer: PeerID?
  /// Of the muxer.
  package var stream: UInt32?
  /// What the stream was agreed to speak.
  package var protocolName: ProtocolName?
  package var what: What

  package var time: Instant { stamp.time }
}
