import NIOCore
import Wire

/// One direction of a stream whose messages stand behind their lengths.
struct Frames: Sendable {
  private var frames: LengthPrefixedFrames
  private(set) var heldBytes = 0
  private var isBroken = false

  init(bytesMax: Int) {
    frames = LengthPrefixedFrames(maxBytes: bytesMax)
  }

  /// Hands every message that is whole to `body`, which says what is wrong with it; says so, once, where
  /// there are no messages.
  mutating func receive(
    _ bytes: ByteBuffer, from side: Role, findings: inout Findings,
    _ body: (ByteBuffer, inout Findings) -> String?
  ) {
    guard !isBroken else { return }
    var bytes = bytes
    heldBytes += bytes.readableBytes
    frames.receive(&bytes)
    do throws(WireError) {
      while let frame = try frames.nextFrame() {
        heldBytes -= frame.readableBytes + Varint.size(of: UInt64(frame.readableBytes))
        if let flaw = body(frame, &findings) { return fail(flaw, side, &findings) }
      }
    } catch {
      fail("\(error)", side, &findings)
    }
  }

  private mutating func fail(_ flaw: String, _ side: Role, _ findings: inout Findings) {
    findings.add(.note(.malformed(flaw)), by: side)
    isBroken = true
    heldBytes = 0
    frames = LengthPrefixedFrames(maxBytes: 1)
  }
}
