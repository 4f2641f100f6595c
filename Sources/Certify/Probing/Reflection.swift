import NetworkModel

/// What a prober asks of the reflector in one datagram: answers, each from a spot and after a time. RFC 5780
/// has CHANGE-REQUEST for the one and nothing for the other.
struct Request: Hashable, Sendable {
  struct Wish: Hashable, Sendable {
    var from: Spot
    /// Milliseconds.
    var delay: UInt16

    init(_ from: Spot, after delay: Duration = .zero) {
      self.from = from
      self.delay = UInt16(clamping: Int(delay / .milliseconds(1)))
    }
  }

  var id: UInt32
  var wishes: [Wish]

  /// More than any measurement needs.
  static let wishesMax = 16

  var bytes: [UInt8] {
    var bytes: [UInt8] = [0x51]
    bytes.append(bigEndian: id)
    for wish in wishes.prefix(Self.wishesMax) {
      bytes += [UInt8(truncatingIfNeeded: wish.from.address), UInt8(truncatingIfNeeded: wish.from.port)]
      bytes.append(bigEndian: wish.delay)
    }
    return bytes
  }

  init(id: UInt32, _ wishes: [Wish]) {
    self.id = id
    self.wishes = wishes
  }

  /// Nil for what is no request.
  init?(_ bytes: [UInt8]) {
    guard bytes.count >= 5, bytes[0] == 0x51, (bytes.count - 5).isMultiple(of: 4) else { return nil }
    id = bytes.bigEndian(at: 1)
    wishes = []
    for start in stride(from: 5, to: bytes.count, by: 4) {
      let (address, port) = (Int(bytes[start]), Int(bytes[start + 1]))
      guard Site.addresses.indices.contains(address), port < Site.portsCount,
        wishes.count < Self.wishesMax
      else { return nil }
      var wish = Wish(Spot(address, port))
      wish.delay = bytes.bigEndian(at: start + 2)
      wishes.append(wish)
    }
  }
}

/// One answer: to which wish, and from which endpoint the request came.
struct Answer: Hashable, Sendable {
  var id: UInt32
  var wish: UInt8
  var observed: Endpoint

  var bytes: [UInt8] {
    var bytes: [UInt8] = [0x41]
    bytes.append(bigEndian: id)
    bytes.append(wish)
    bytes.append(bigEndian: observed.address.v4)
    bytes.append(bigEndian: observed.port)
    return bytes
  }

  init(id: UInt32, wish: UInt8, observed: Endpoint) {
    self.id = id
    self.wish = wish
    self.observed = observed
  }

  /// Nil for what is no answer.
  init?(_ bytes: [UInt8]) {
    guard bytes.count == 12, bytes[0] == 0x41 else { return nil }
    id = bytes.bigEndian(at: 1)
    wish = bytes[5]
    observed = Endpoint(Address(v4: bytes.bigEndian(at: 6)), bytes.bigEndian(at: 10))
  }
}

extension [UInt8] {
  fileprivate mutating func append<Number: FixedWidthInteger>(bigEndian number: Number) {
    for shift in stride(from: Number.bitWidth - 8, through: 0, by: -8) {
      append(UInt8(truncatingIfNeeded: number >> Number(shift)))
    }
  }

  /// The caller has seen to it that so many are there.
  fileprivate func bigEndian<Number: FixedWidthInteger>(at start: Int) -> Number {
    self[start..<start + Number.bitWidth / 8].reduce(0) { $0 << 8 | Number($1) }
  }
}
