package import NIOCore
package import Wire

/// What goes over a DCUtR stream.
package enum Message: Hashable, Sendable {
  /// Where the sender may be reached: observed addresses, and predicted ones.
  case connect([Multiaddr])
  /// To be sent once, behind both CONNECTs: dial now.
  case sync

  /// Addresses that are read of one message. A frame may hold two thousand, most of them empty; nobody
  /// honest has more than a few.
  package static let addressesMax = 256

  /// From the body of a frame. Addresses that cannot be read are left out, as Go and Rust do, and those
  /// beyond the most that are read.
  package init(decoding frame: ByteBuffer) throws(DCUtRError) {
    let message: Dcutr_HolePunch
    do { message = try Dcutr_HolePunch(decoding: frame) } catch { throw .malformedMessage }
    guard message.hasType else { throw .malformedMessage }
    switch message.type {
    case .connect:
      self = .connect(message.obsAddrs.prefix(Self.addressesMax).compactMap { Self.address([UInt8]($0)) })
    case .sync: self = .sync
    case .unused, .UNRECOGNIZED: throw .unexpectedMessage
    }
  }

  private static func address(_ bytes: [UInt8]) -> Multiaddr? {
    do { return try Multiaddr(bytes: bytes) } catch { return nil }
  }

  /// The frame: a length and the message.
  package var encoded: ByteBuffer {
    var message = Dcutr_HolePunch()
    switch self {
    case .connect(let addresses):
      message.type = .connect
      message.obsAddrs = addresses.map { $0.bytes.protobufBytes() }
    case .sync: message.type = .sync
    }
    var frame = ByteBuffer()
    LengthPrefixedFrames.encode(message, into: &frame)
    return frame
  }
}
