package import SansIO

/// One TUN of one host: a host may have several, a router made of a kernel has two.
package struct InterfaceID: Hashable, Comparable, Sendable {
  package let rawValue: Int

  package init(rawValue: Int) { self.rawValue = rawValue }

  package static func < (left: InterfaceID, right: InterfaceID) -> Bool { left.rawValue < right.rawValue }
}

/// A network that several share: the internet, or a LAN.
package struct SegmentID: Hashable, Sendable {
  package let rawValue: Int

  package init(rawValue: Int) { self.rawValue = rawValue }

  package static let internet = SegmentID(rawValue: 0)
}

/// A box between two segments.
package struct RouterID: Hashable, Sendable {
  package let rawValue: Int

  package init(rawValue: Int) { self.rawValue = rawValue }
}

/// A packet that has arrived.
package struct Delivery: Hashable, Sendable {
  package let interface: InterfaceID
  package let packet: Packet
  /// When it arrived in the model. Handed out no earlier; how much later is the driver's lateness.
  package let dueAt: Instant

  package init(interface: InterfaceID, packet: Packet, dueAt: Instant) {
    self.interface = interface
    self.packet = packet
    self.dueAt = dueAt
  }
}
