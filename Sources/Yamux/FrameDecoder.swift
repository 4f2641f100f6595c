package import NIOCore

/// Bytes to frames, however they were cut. A header in pieces waits in twelve inline bytes; a body is passed
/// on slice by slice as it arrives, so nothing is accumulated and a length of 4 GiB costs nothing.
package struct FrameDecoder: Sendable {
  package enum Element: Equatable, Sendable {
    /// A whole header. A data frame with a length is followed by its `body` elements.
    case frame(Frame)
    /// Some of a data frame's body, never empty, sharing the input's storage.
    case body(Frame, ByteBuffer, isLast: Bool)
  }

  /// The header so far, shifted in from the right.
  private var partialHigh: UInt64 = 0
  private var partialLow: UInt32 = 0
  private var partialBytes: UInt8 = 0

  /// The data frame whose body is arriving.
  private var current = Frame(.data)
  private var bodyRemaining: UInt32 = 0

  package init() {}

  /// True between frames: nothing of the next one has arrived.
  package var isAtBoundary: Bool { partialBytes == 0 && bodyRemaining == 0 }

  /// The next header or piece of body, or nil when the bytes are used up. After a throw there is no way to
  /// find the next frame.
  package mutating func next(from bytes: inout ByteBuffer) throws(YamuxError) -> Element? {
    if bodyRemaining > 0 { return nextBody(from: &bytes) }
    guard let (high, low) = nextHeader(from: &bytes) else { return nil }
    let frame = try FrameDecoder.decode(high, low)
    if frame.kind == .data {
      current = frame
      bodyRemaining = frame.length
    }
    return .frame(frame)
  }

  private mutating func nextBody(from bytes: inout ByteBuffer) -> Element? {
    let count = UInt32(clamping: min(bytes.readableBytes, Int(bodyRemaining)))
    guard count > 0, let slice = bytes.readSlice(length: Int(count)) else { return nil }
    bodyRemaining -= count
    return .body(current, slice, isLast: bodyRemaining == 0)
  }

  private mutating func nextHeader(from bytes: inout ByteBuffer) -> (UInt64, UInt32)? {
    if partialBytes == 0, bytes.readableBytes >= Frame.headerBytes,
      let high = bytes.readInteger(as: UInt64.self), let low = bytes.readInteger(as: UInt32.self)
    {
      return (high, low)
    }
    while partialBytes < Frame.headerBytes {
      guard let byte = bytes.readInteger(as: UInt8.self) else { return nil }
      partialHigh = partialHigh &<< 8 | UInt64(partialLow &>> 24)
      partialLow = partialLow &<< 8 | UInt32(byte)
      partialBytes += 1
    }
    partialBytes = 0
    return (partialHigh, partialLow)
  }

  private static func decode(_ high: UInt64, _ low: UInt32) throws(YamuxError) -> Frame {
    let version = UInt8(truncatingIfNeeded: high &>> 56)
    guard version == Frame.version else { throw .unknownVersion(version) }
    let type = UInt8(truncatingIfNeeded: high &>> 48)
    guard let kind = Frame.Kind(rawValue: type) else { throw .unknownFrameType(type) }
    return Frame(
      kind, Frame.Flags(rawValue: UInt16(truncatingIfNeeded: high &>> 32)),
      stream: StreamID(rawValue: UInt32(truncatingIfNeeded: high)), length: low)
  }
}
