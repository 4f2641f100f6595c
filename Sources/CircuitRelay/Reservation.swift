package import Wire

/// A relay's promise to accept circuits for a peer, as it stands in the answer; a claim until it is checked.
package struct Reservation: Hashable, Sendable {
  /// More than a relay has; the rest is not looked at.
  package static let addressesMax = 16

  /// Seconds since the Unix epoch, by the relay's clock. Nil when it did not say.
  package var expiration: UInt64?
  /// Where the relay says it can be reached, its peer at the end.
  package var addresses: [Multiaddr]
  /// A signed envelope with a ``Voucher``. Rust relays send none.
  package var voucher: [UInt8]?

  package init(expiration: UInt64?, addresses: [Multiaddr], voucher: [UInt8]?) {
    self.expiration = expiration
    self.addresses = addresses
    self.voucher = voucher
  }

  /// Addresses that this node cannot read are left out: others may know protocols that it does not.
  init(_ wire: Relay_Reservation) {
    expiration = wire.hasExpire ? wire.expire : nil
    addresses = wire.addrs.prefix(Self.addressesMax).compactMap { try? Multiaddr(bytes: [UInt8]($0)) }
    voucher = wire.hasVoucher && !wire.voucher.isEmpty ? [UInt8](wire.voucher) : nil
  }

  var wire: Relay_Reservation {
    var wire = Relay_Reservation()
    if let expiration { wire.expire = expiration }
    wire.addrs = addresses.map { $0.bytes.protobufBytes() }
    if let voucher { wire.voucher = voucher.protobufBytes() }
    return wire
  }

  /// As many of `addresses` as leave room for the rest of the answer in a message that others read.
  static func fitting(_ addresses: [Multiaddr]) -> [Multiaddr] {
    var bytesLeft = messageBytesMax - 512  // A voucher takes 220 bytes, the other fields fewer than 60.
    return addresses.prefix(addressesMax).filter { address in
      guard address.bytes.count + 4 <= bytesLeft else { return false }
      bytesLeft -= address.bytes.count + 4
      return true
    }
  }
}
