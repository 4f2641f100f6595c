package import NIOCore

/// A stream's name on the wire. The connection's initiator opens odd ones, the responder even ones.
package struct StreamID: RawRepresentable, Hashable, Comparable, Sendable, CustomStringConvertible {
  package let rawValue: UInt32

  /// Zero names the session itself: pings and go away, nothing else.
  package static let session = StreamID(rawValue: 0)

  package init(rawValue: UInt32) {
    self.rawValue = rawValue
  }

  package static func < (left: StreamID, right: StreamID) -> Bool { left.rawValue < right.rawValue }

  package var isOdd: Bool { rawValue & 1 == 1 }

  package var description: String { String(rawValue) }
}

/// The twelve bytes that open every frame: version 0, type, flags, stream, length, all big endian. A data
/// frame's `length` bytes follow it; for the other types `length` is the value itself.
package struct Frame: Hashable, Sendable {
  package enum Kind: UInt8, CaseIterable, Sendable {
    case data = 0
    case windowUpdate = 1
    case ping = 2
    case goAway = 3
  }

  /// Bits the specification does not name are ignored, as every other implementation does.
  package struct Flags: OptionSet, Hashable, Sendable {
    package let rawValue: UInt16

    package init(rawValue: UInt16) {
      self.rawValue = rawValue
    }

    /// Opens a stream; on a ping, asks.
    package static let syn = Flags(rawValue: 1)
    /// Acknowledges a stream; on a ping, answers.
    package static let ack = Flags(rawValue: 2)
    /// The sender will send no more on this stream.
    package static let fin = Flags(rawValue: 4)
    /// The stream is over, both ways.
    package static let rst = Flags(rawValue: 8)
  }

  package static let headerBytes = 12
  package static let version: UInt8 = 0

  package var kind: Kind
  package var flags: Flags
  package var stream: StreamID
  /// Data: bytes that follow. Window update: credit in bytes, or with RST an error code. Ping: the value to
  /// echo. Go away: an error code.
  package var length: UInt32

  package init(_ kind: Kind, _ flags: Flags = [], stream: StreamID = .session, length: UInt32 = 0) {
    self.kind = kind
    self.flags = flags
    self.stream = stream
    self.length = length
  }

  /// Appends the header.
  package func encode(into wire: inout ByteBuffer) {
    wire.writeMultipleIntegers(Frame.version, kind.rawValue, flags.rawValue, stream.rawValue, length)
  }
}

/// Why a session ends, in a go away frame. Applications may send codes of their own, so a received one stays
/// a number.
package enum GoAwayCode {
  package static let normal: UInt32 = 0
  package static let protocolError: UInt32 = 1
  package static let internalError: UInt32 = 2
}
