package import NIOCore
import Wire

/// What goes over a dial-back stream: the nonce, and that it has arrived. Which one it is, is known by who
/// sends it.
package enum DialBackMessage {
  /// Go reads 1024, Rust 10; nine bytes are enough.
  package static let bytesMax = 1024

  package static func nonce(decoding frame: ByteBuffer) throws(AutoNATError) -> UInt64 {
    do { return try Autonat2_DialBack(decoding: frame).nonce } catch { throw .malformedMessage }
  }

  package static func encoded(nonce: UInt64) -> ByteBuffer {
    var message = Autonat2_DialBack()
    message.nonce = nonce
    var frame = ByteBuffer()
    LengthPrefixedFrames.encode(message, into: &frame)
    return frame
  }

  /// Whether the client took it.
  package static func response(decoding frame: ByteBuffer) throws(AutoNATError) -> Bool {
    do { return try Autonat2_DialBackResponse(decoding: frame).status == .ok } catch {
      throw .malformedMessage
    }
  }

  /// An empty message: its one status is zero.
  package static let response: ByteBuffer = {
    var frame = ByteBuffer()
    LengthPrefixedFrames.encode(Autonat2_DialBackResponse(), into: &frame)
    return frame
  }()
}
