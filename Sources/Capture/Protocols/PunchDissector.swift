import DCUtR
import NIOCore
import SansIO
import Wire

/// DCUtR: CONNECT there and back, which measures the round trip, then SYNC. An attempt that failed may be
/// followed by another one on the same stream.
struct PunchDissector: StreamDissector {
  private var opener = Frames(bytesMax: messageBytesMax)
  private var acceptor = Frames(bytesMax: messageBytesMax)
  /// The last message, for how long the other side took.
  private var last: (side: Role, at: Instant)?

  init?(_ name: ProtocolName, limits: Limits) {
    guard name == .dcutr else { return nil }
  }

  var heldBytes: Int { opener.heldBytes + acceptor.heldBytes }

  mutating func receive(_ bytes: ByteBuffer, from side: Role, findings: inout Findings) {
    var last = last
    func read(_ frame: ByteBuffer, _ findings: inout Findings) -> String? {
      do throws(DCUtRError) {
        let after = last.flatMap { $0.side == side ? nil : findings.stamp.time - $0.at }
        switch try Message(decoding: frame) {
        case .connect(let addresses):
          findings.add(
            .punch(.connect(addresses, afterNanoseconds: after?.clampedNanoseconds)), by: side)
        case .sync: findings.add(.punch(.sync(afterNanoseconds: after?.clampedNanoseconds)), by: side)
        }
        last = (side, findings.stamp.time)
        return nil
      } catch {
        return "dcutr: \(error)"
      }
    }
    switch side {
    case .initiator: opener.receive(bytes, from: side, findings: &findings, read)
    case .responder: acceptor.receive(bytes, from: side, findings: &findings, read)
    }
    self.last = last
  }
}
