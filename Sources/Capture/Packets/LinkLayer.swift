import NIOCore

/// What a captured packet begins with (tcpdump.org/linktypes.html).
package enum LinkType: Hashable, Sendable, CaseIterable {
  /// An IP packet and nothing before it.
  case raw
  case ethernet
  /// Linux "cooked", versions 1 and 2: what `tcpdump -i any` writes.
  case linuxCooked, linuxCooked2
  /// BSD loopback: the address family, in the byte order of the machine or of the network.
  case loopback

  /// Takes the link's header, and VLAN tags. False when what follows is not an IP packet.
  func strip(from packet: inout ByteBuffer) -> Bool {
    switch self {
    case .raw: return true
    case .ethernet: return Self.skip(12, in: &packet) && Self.stripEtherType(&packet)
    case .linuxCooked: return Self.skip(14, in: &packet) && Self.stripEtherType(&packet)
    case .linuxCooked2:
      guard let type = packet.readInteger(as: UInt16.self), Self.skip(18, in: &packet) else { return false }
      return Self.strip(etherType: type, &packet)
    case .loopback: return Self.skip(4, in: &packet)  // the version field of IP says which family it is
    }
  }

  private static func skip(_ count: Int, in packet: inout ByteBuffer) -> Bool {
    guard packet.readableBytes >= count else { return false }
    packet.moveReaderIndex(forwardBy: count)
    return true
  }

  private static func stripEtherType(_ packet: inout ByteBuffer) -> Bool {
    guard let type = packet.readInteger(as: UInt16.self) else { return false }
    return strip(etherType: type, &packet)
  }

  private static func strip(etherType: UInt16, _ packet: inout ByteBuffer) -> Bool {
    switch etherType {
    case 0x0800, 0x86DD: return true
    case 0x8100, 0x88A8:  // IEEE 802.1Q: a tag, then the type again
      return skip(2, in: &packet) && stripEtherType(&packet)
    default: return false
    }
  }
}
