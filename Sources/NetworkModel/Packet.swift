/// One IP packet of either family, its bytes as they stand on the wire.
///
/// Parsing checks every length once; what a packet then says of itself is read from its bytes in place, and
/// what a box changes is written in place, checksums updated incrementally (RFC 1624), so that a packet that
/// was damaged on the way stays damaged.
///
/// Reading order: this file, `Packet+Fields`, `Packet+Edits`, `Packet+Quote` (the packet inside an ICMP
/// error), `Packet+Building`.
package struct Packet: Hashable, Sendable {
  package internal(set) var bytes: [UInt8]
  let layout: Layout

  /// Bytes beyond the length the header gives are cut off.
  package init(_ bytes: consuming [UInt8]) throws(PacketError) {
    let layout = try Layout(of: bytes)
    self.init(bytes, layout)
  }

  init(_ bytes: consuming [UInt8], _ layout: Layout) {
    if bytes.count > layout.length { bytes.removeLast(bytes.count - layout.length) }
    self.bytes = bytes
    self.layout = layout
  }

  package var isIPv4: Bool { layout.isIPv4 }
  /// What the last extension header says follows.
  package var transport: Transport { layout.transport }
  /// The first of several fragments, or a later one.
  package var isFragment: Bool { layout.isFragment }
  /// A fragment other than the first has no transport header, so no ports.
  package var isLaterFragment: Bool { layout.isLaterFragment }
  /// Where the transport header begins.
  var transportOffset: Int { layout.transportOffset }
}

/// Where things are in a packet, every length checked once. Small, as it travels with the packet.
struct Layout: Hashable, Sendable {
  let isIPv4: Bool
  let transport: Transport
  private(set) var isFragment = false
  private(set) var isLaterFragment = false
  // At most 40 + 65,535.
  private let length32: UInt32
  private let transportOffset32: UInt32

  var length: Int { Int(length32) }
  var transportOffset: Int { Int(transportOffset32) }

  init(isIPv4: Bool, _ transport: Transport, length: Int, transportOffset: Int) {
    self.isIPv4 = isIPv4
    self.transport = transport
    length32 = UInt32(length)
    transportOffset32 = UInt32(transportOffset)
  }

  init(of bytes: borrowing [UInt8]) throws(PacketError) {
    guard bytes.count > 0 else { throw .truncated }
    switch bytes[0] >> 4 {
    case 4: try self.init(ipv4: bytes)
    case 6: try self.init(ipv6: bytes)
    case let version: throw .unknownVersion(version)
    }
    try checkTransportHeader(bytes)
  }

  private init(ipv4 bytes: borrowing [UInt8]) throws(PacketError) {
    guard bytes.count >= 20 else { throw .truncated }
    let header = Int(bytes[0] & 0xF) * 4
    let length = Int(bytes.word(at: 2))
    guard header >= 20, length >= header else { throw .badLength }
    guard bytes.count >= length else { throw .truncated }
    guard Checksum.folded(Checksum.sum(bytes, 0..<header)) == 0 else { throw .badHeaderChecksum }
    self.init(isIPv4: true, Transport(rawValue: bytes[9]), length: length, transportOffset: header)
    let fragment = bytes.word(at: 6)
    isLaterFragment = fragment & 0x1FFF != 0
    isFragment = fragment & 0x3FFF != 0
  }

  private init(ipv6 bytes: borrowing [UInt8]) throws(PacketError) {
    guard bytes.count >= 40 else { throw .truncated }
    let length = 40 + Int(bytes.word(at: 4))
    guard bytes.count >= length else { throw .truncated }
    let chain = try ExtensionHeaders(of: bytes, from: 40, to: length, next: bytes[6])
    self.init(
      isIPv4: false, Transport(rawValue: chain.next), length: length, transportOffset: chain.offset)
    isFragment = chain.isFragment
    isLaterFragment = chain.isLaterFragment
  }

  private func checkTransportHeader(_ bytes: borrowing [UInt8]) throws(PacketError) {
    if isLaterFragment { return }
    let room = length - transportOffset
    switch transport {
    case .tcp:
      guard room >= 20 else { throw .truncated }
      let header = Int(bytes[transportOffset + 12] >> 4) * 4
      guard header >= 20, header <= room else { throw .badLength }
    case .udp, .icmp, .icmp6:
      guard room >= 8 else { throw .truncated }
    default: break
    }
  }
}

/// Why bytes are no packet.
package enum PacketError: Error, Hashable, Sendable, CustomStringConvertible {
  case unknownVersion(UInt8)
  case truncated
  case badLength
  case badHeaderChecksum
  /// More than ``ExtensionHeaders/limit``, or one that this network does not know.
  case extensionHeaders

  package var description: String {
    switch self {
    case .unknownVersion(let version): "IP version \(version)"
    case .truncated: "shorter than its headers say"
    case .badLength: "a header length that cannot be"
    case .badHeaderChecksum: "wrong IPv4 header checksum"
    case .extensionHeaders: "too many IPv6 extension headers"
    }
  }
}

/// The walk along IPv6 extension headers (RFC 8200, section 4).
struct ExtensionHeaders {
  /// Each appears at most once, hop-by-hop to destination options; more is an attack on parsers.
  static let limit = 8

  private(set) var next: UInt8
  private(set) var offset: Int
  private(set) var isFragment = false
  private(set) var isLaterFragment = false

  init(of bytes: borrowing [UInt8], from start: Int, to end: Int, next first: UInt8) throws(PacketError) {
    next = first
    offset = start
    for _ in 0...Self.limit {
      let length: Int
      switch next {
      case 0, 43, 60:  // hop-by-hop options, routing, destination options
        guard offset + 8 <= end else { throw .truncated }
        length = (Int(bytes[offset + 1]) + 1) * 8
      case 44:  // fragment
        guard offset + 8 <= end else { throw .truncated }
        isFragment = true
        if bytes.word(at: offset + 2) & 0xFFF8 != 0 { isLaterFragment = true }
        length = 8
      default: return
      }
      next = bytes[offset]
      offset += length
      guard offset <= end else { throw .truncated }
      if isLaterFragment { return }
    }
    throw .extensionHeaders
  }
}

extension [UInt8] {
  /// The 16 bits at an index, in network order.
  @inline(__always)
  func word(at index: Int) -> UInt16 {
    UInt16(self[index]) << 8 | UInt16(self[index + 1])
  }

  @inline(__always)
  mutating func setWord(_ word: UInt16, at index: Int) {
    self[index] = UInt8(truncatingIfNeeded: word >> 8)
    self[index + 1] = UInt8(truncatingIfNeeded: word)
  }

  /// The 32 bits at an index, in network order.
  @inline(__always)
  func long(at index: Int) -> UInt32 {
    UInt32(word(at: index)) << 16 | UInt32(word(at: index + 2))
  }

  mutating func append(word: UInt16) {
    append(UInt8(truncatingIfNeeded: word >> 8))
    append(UInt8(truncatingIfNeeded: word))
  }

  mutating func append(long: UInt32) {
    append(word: UInt16(truncatingIfNeeded: long >> 16))
    append(word: UInt16(truncatingIfNeeded: long))
  }

  mutating func append(_ address: Address) {
    if address.isIPv4 { return append(long: address.v4) }
    for part in [address.high, address.low] {
      append(long: UInt32(truncatingIfNeeded: part >> 32))
      append(long: UInt32(truncatingIfNeeded: part))
    }
  }

  /// The address at an index.
  func address(at index: Int, isIPv4: Bool) -> Address {
    if isIPv4 { return Address(v4: long(at: index)) }
    return Address(
      high: UInt64(long(at: index)) << 32 | UInt64(long(at: index + 4)),
      low: UInt64(long(at: index + 8)) << 32 | UInt64(long(at: index + 12)))
  }

  mutating func setAddress(_ address: Address, at index: Int) {
    if address.isIPv4 {
      setWord(UInt16(truncatingIfNeeded: address.v4 >> 16), at: index)
      setWord(UInt16(truncatingIfNeeded: address.v4), at: index + 2)
      return
    }
    for step in 0..<8 {
      let part = step < 4 ? address.high : address.low
      setWord(UInt16(truncatingIfNeeded: part >> (48 - 16 * UInt64(step & 3))), at: index + 2 * step)
    }
  }
}
