import NIOCore
import Wire

/// A TCP segment (RFC 9293, section 3.1).
struct TCPSegment {
  struct Flags: OptionSet {
    let rawValue: UInt8

    static let fin = Flags(rawValue: 1)
    static let syn = Flags(rawValue: 2)
    static let reset = Flags(rawValue: 4)
    static let ack = Flags(rawValue: 16)
  }

  static let protocolNumber: UInt8 = 6

  let source: Endpoint
  let destination: Endpoint
  let sequence: UInt32
  let acknowledgement: UInt32
  let flags: Flags
  /// What the capture has of it.
  let payload: ByteBuffer
  /// What it was on the wire.
  let payloadBytes: Int
  let integrity: Integrity

  init(_ packet: IPPacket) throws(IPPacket.Failure) {
    var rest = packet.payload
    guard let sourcePort = rest.number(at: 0, as: UInt16.self),
      let destinationPort = rest.number(at: 2, as: UInt16.self),
      let sequence = rest.number(at: 4, as: UInt32.self),
      let acknowledgement = rest.number(at: 8, as: UInt32.self),
      let offset = rest.number(at: 12, as: UInt8.self), let flags = rest.number(at: 13, as: UInt8.self)
    else { throw .cut }
    let headerBytes = Int(offset >> 4) * 4
    guard headerBytes >= 20, headerBytes <= packet.payloadBytes else { throw .malformed }
    guard headerBytes <= rest.readableBytes else { throw .cut }
    rest.moveReaderIndex(forwardBy: headerBytes)
    source = Endpoint(address: packet.source, port: sourcePort)
    destination = Endpoint(address: packet.destination, port: destinationPort)
    self.sequence = sequence
    self.acknowledgement = acknowledgement
    self.flags = Flags(rawValue: flags)
    payload = rest
    payloadBytes = packet.payloadBytes - headerBytes
    integrity = Integrity(of: packet)
  }

  /// What the checksum says.
  enum Integrity: Hashable {
    /// It is right, or left to a device: the sum of the pseudo-header alone stands in its place (as Linux
    /// captures its own packets, and those it has merged on receipt).
    case sound
    /// The receiver will not take this segment.
    case corrupt
    /// The capture does not have all of it.
    case unknown

    init(of packet: IPPacket) {
      guard packet.payload.readableBytes == packet.payloadBytes,
        let stored = packet.payload.number(at: 16, as: UInt16.self)
      else {
        self = .unknown
        return
      }
      var pseudoHeader = InternetChecksum()
      for address in [packet.source, packet.destination] {
        pseudoHeader.add(ByteBuffer(bytes: address.bytes))
      }
      pseudoHeader.add(UInt64(packet.payloadBytes) + UInt64(TCPSegment.protocolNumber))
      var whole = pseudoHeader
      whole.add(packet.payload)
      self = whole.folded == 0xFFFF || stored == pseudoHeader.folded ? .sound : .corrupt
    }
  }
}

/// One's complement sums of 16 bits (RFC 1071).
struct InternetChecksum {
  private var sum: UInt64 = 0

  mutating func add(_ bytes: ByteBuffer) {
    var rest = bytes
    while let four = rest.readInteger(as: UInt32.self) { add(UInt64(four)) }
    if let two = rest.readInteger(as: UInt16.self) { add(UInt64(two)) }
    if let one = rest.readInteger(as: UInt8.self) { add(UInt64(one) << 8) }
  }

  /// Numbers of up to 48 bits; a packet has too few of them to overflow the sum.
  mutating func add(_ number: UInt64) { sum &+= number }

  var folded: UInt16 {
    var rest = sum
    while rest > 0xFFFF { rest = (rest & 0xFFFF) + (rest >> 16) }
    return UInt16(truncatingIfNeeded: rest)
  }
}
