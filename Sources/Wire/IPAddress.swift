/// An IPv4 address, four bytes in the order of the network.
package struct IPv4Address: Hashable, Comparable, Sendable {
  /// The address as a number: 127.0.0.1 is 0x7F000001.
  package let rawValue: UInt32

  package static let any = IPv4Address(rawValue: 0)
  package static let loopback = IPv4Address(rawValue: 0x7F00_0001)

  package init(rawValue: UInt32) {
    self.rawValue = rawValue
  }

  /// Nil unless there are four bytes.
  package init?(bytes: some Collection<UInt8>) {
    guard bytes.count == 4 else { return nil }
    rawValue = bytes.reduce(0) { $0 << 8 | UInt32($1) }
  }

  package var bytes: [UInt8] { rawValue.bigEndianBytes }

  package static func < (left: IPv4Address, right: IPv4Address) -> Bool { left.rawValue < right.rawValue }
}

/// An IPv6 address, sixteen bytes in the order of the network.
package struct IPv6Address: Hashable, Comparable, Sendable {
  /// The two halves as numbers; the upper one is the network's.
  package let upper, lower: UInt64

  package static let any = IPv6Address(upper: 0, lower: 0)
  package static let loopback = IPv6Address(upper: 0, lower: 1)

  package init(upper: UInt64, lower: UInt64) {
    self.upper = upper
    self.lower = lower
  }

  /// Nil unless there are sixteen bytes.
  package init?(bytes: some Collection<UInt8>) {
    guard bytes.count == 16 else { return nil }
    upper = bytes.prefix(8).reduce(0) { $0 << 8 | UInt64($1) }
    lower = bytes.dropFirst(8).reduce(0) { $0 << 8 | UInt64($1) }
  }

  package var bytes: [UInt8] { upper.bigEndianBytes + lower.bigEndianBytes }

  /// The eight groups of the text form.
  var groups: [UInt16] {
    [upper, lower].flatMap { half in [48, 32, 16, 0].map { UInt16(truncatingIfNeeded: half >> $0) } }
  }

  /// The IPv4 address inside `::ffff:0:0/96`, which sockets show IPv4 peers as.
  package var mapped: IPv4Address? {
    upper == 0 && lower >> 32 == 0xFFFF ? IPv4Address(rawValue: UInt32(truncatingIfNeeded: lower)) : nil
  }

  package static func < (left: IPv6Address, right: IPv6Address) -> Bool {
    (left.upper, left.lower) < (right.upper, right.lower)
  }
}

/// An address of either version.
package enum IPAddress: Hashable, Comparable, Sendable {
  case v4(IPv4Address)
  case v6(IPv6Address)

  /// Nil unless there are four or sixteen bytes.
  package init?(bytes: some Collection<UInt8>) {
    if let address = IPv4Address(bytes: bytes) {
      self = .v4(address)
    } else if let address = IPv6Address(bytes: bytes) {
      self = .v6(address)
    } else {
      return nil
    }
  }

  package var bytes: [UInt8] {
    switch self {
    case .v4(let address): address.bytes
    case .v6(let address): address.bytes
    }
  }
}

extension FixedWidthInteger {
  var bigEndianBytes: [UInt8] { withUnsafeBytes(of: bigEndian) { [UInt8]($0) } }
}
