import NIOCore
import SansIO
import Wire

@testable import Capture

/// A packet as a tap would hand it over.
struct TapPacket: Hashable {
  var time: Instant
  var bytes: ByteBuffer
}

/// One end of a TCP connection that says what it is told to, in IP packets with right checksums.
struct PacketWriter {
  var source: Endpoint
  var destination: Endpoint
  /// Of the next byte.
  var sequence: UInt32
  var acknowledgement: UInt32 = 0

  mutating func syn(_ flags: TCPSegment.Flags = .syn) -> ByteBuffer {
    defer { sequence &+= 1 }
    return packet(flags)
  }

  mutating func fin() -> ByteBuffer {
    defer { sequence &+= 1 }
    return packet([.fin, .ack])
  }

  func ack() -> ByteBuffer { packet(.ack) }
  func reset() -> ByteBuffer { packet([.reset, .ack]) }

  mutating func data(_ payload: ByteBuffer) -> ByteBuffer {
    defer { sequence &+= UInt32(payload.readableBytes) }
    return packet(.ack, payload)
  }

  /// A segment of a number of its own.
  func packet(
    _ flags: TCPSegment.Flags, _ payload: ByteBuffer = ByteBuffer(), at number: UInt32? = nil
  ) -> ByteBuffer {
    var segment = ByteBuffer()
    segment.writeMultipleIntegers(
      source.port, destination.port, number ?? sequence, flags.contains(.ack) ? acknowledgement : 0,
      UInt8(5 << 4), flags.rawValue, UInt16(65535), UInt16(0), UInt16(0))
    segment.writeImmutableBuffer(payload)
    var sum = InternetChecksum()
    sum.add(ByteBuffer(bytes: source.address.bytes))
    sum.add(ByteBuffer(bytes: destination.address.bytes))
    sum.add(UInt64(segment.readableBytes) + 6)
    sum.add(segment)
    segment.setInteger(~sum.folded, at: 16)
    return header(segment.readableBytes) + segment
  }

  private func header(_ payloadBytes: Int) -> ByteBuffer {
    var header = ByteBuffer()
    switch source.address {
    case .v4:
      header.writeMultipleIntegers(
        UInt8(0x45), UInt8(0), UInt16(20 + payloadBytes), UInt16(0), UInt16(0x4000), UInt8(64), UInt8(6),
        UInt16(0))
      header.writeBytes(source.address.bytes + destination.address.bytes)
      var sum = InternetChecksum()
      sum.add(header)
      header.setInteger(~sum.folded, at: 10)
    case .v6:
      header.writeMultipleIntegers(UInt32(0x6000_0000), UInt16(payloadBytes), UInt8(6), UInt8(64))
      header.writeBytes(source.address.bytes + destination.address.bytes)
    }
    return header
  }
}

func + (left: ByteBuffer, right: ByteBuffer) -> ByteBuffer {
  var both = left
  both.writeImmutableBuffer(right)
  return both
}

extension Endpoint {
  init(_ address: String, _ port: UInt16) {
    self.init(address: IPAddress(address) ?? .v4(.any), port: port)
  }

  static let alice = Endpoint("10.0.0.1", 40001)
  static let bob = Endpoint("10.0.0.2", 4001)
}
