import NIOCore
import Wire

/// The addresses and the payload of an IP packet (RFC 791, RFC 8200).
struct IPPacket {
  enum Failure: Error, Hashable {
    /// Not IP, or a header that contradicts itself.
    case malformed
    /// A part of a packet; parts are not put together.
    case fragment
    /// The capture kept too little of it.
    case cut
  }

  let source: IPAddress
  let destination: IPAddress
  let protocolNumber: UInt8
  /// What the capture has of it, without padding.
  let payload: ByteBuffer
  /// What it was on the wire.
  let payloadBytes: Int

  init(_ packet: ByteBuffer) throws(Failure) {
    guard let first = packet.getInteger(at: packet.readerIndex, as: UInt8.self) else { throw .cut }
    switch first >> 4 {
    case 4: try self.init(version4: packet, headerBytes: Int(first & 15) * 4)
    case 6: try self.init(version6: packet)
    default: throw .malformed
    }
  }

  private init(version4 packet: ByteBuffer, headerBytes: Int) throws(Failure) {
    guard headerBytes >= 20 else { throw .malformed }
    var rest = packet
    guard rest.readableBytes >= headerBytes, let header = rest.readSlice(length: headerBytes),
      let total = header.number(at: 2, as: UInt16.self), let fragment = header.number(at: 6, as: UInt16.self),
      let protocolNumber = header.number(at: 9, as: UInt8.self),
      let source = header.number(at: 12, as: UInt32.self),
      let destination = header.number(at: 16, as: UInt32.self)
    else { throw .cut }
    if fragment & 0x3FFF != 0 { throw .fragment }
    // Zero where the kernel left segmentation to the device and the packet was captured before it.
    let totalBytes = total == 0 ? packet.readableBytes : Int(total)
    guard totalBytes >= headerBytes else { throw .malformed }
    self.source = .v4(IPv4Address(rawValue: source))
    self.destination = .v4(IPv4Address(rawValue: destination))
    self.protocolNumber = protocolNumber
    payloadBytes = totalBytes - headerBytes
    payload = rest.prefix(payloadBytes)
  }

  private init(version6 packet: ByteBuffer) throws(Failure) {
    var rest = packet
    guard let header = rest.readSlice(length: 40), let length = header.number(at: 4, as: UInt16.self),
      let next = header.number(at: 6, as: UInt8.self), let source = header.address(at: 8),
      let destination = header.address(at: 24)
    else { throw .cut }
    var payloadBytes = length == 0 ? rest.readableBytes : Int(length)
    rest = rest.prefix(payloadBytes)
    let before = rest.readableBytes
    protocolNumber = try Self.skipExtensions(from: next, in: &rest)
    payloadBytes -= before - rest.readableBytes
    self.source = source
    self.destination = destination
    self.payloadBytes = payloadBytes
    payload = rest
  }

  /// RFC 8200, section 4: hop-by-hop options, routing, fragment, destination options.
  private static func skipExtensions(
    from first: UInt8, in rest: inout ByteBuffer
  ) throws(Failure) -> UInt8 {
    var next = first
    // Each takes at least eight bytes, so this ends.
    while next == 0 || next == 43 || next == 44 || next == 60 {
      guard let following = rest.number(at: 0, as: UInt8.self),
        let length = rest.number(at: 1, as: UInt8.self)
      else { throw .cut }
      if next == 44 {
        guard let offset = rest.number(at: 2, as: UInt16.self) else { throw .cut }
        if offset & 0xFFF9 != 0 { throw .fragment }
      }
      let bytes = next == 44 ? 8 : (Int(length) + 1) * 8
      guard rest.readableBytes >= bytes else { throw .cut }
      rest.moveReaderIndex(forwardBy: bytes)
      next = following
    }
    return next
  }
}

extension ByteBuffer {
  /// At this distance from the reader.
  func number<Number: FixedWidthInteger>(at offset: Int, as type: Number.Type) -> Number? {
    getInteger(at: readerIndex + offset, as: type)
  }

  /// At most this many readable bytes.
  func prefix(_ count: Int) -> ByteBuffer {
    getSlice(at: readerIndex, length: Swift.min(Swift.max(count, 0), readableBytes)) ?? ByteBuffer()
  }

  fileprivate func address(at offset: Int) -> IPAddress? {
    guard let upper = number(at: offset, as: UInt64.self), let lower = number(at: offset + 8, as: UInt64.self)
    else { return nil }
    return .v6(IPv6Address(upper: upper, lower: lower))
  }
}
