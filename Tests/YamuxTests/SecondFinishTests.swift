import NIOCore
import SansIO
import Testing
import Wire
@testable import Yamux

/// A second FIN changes nothing but the credit it carries, and that credit is used.
@Suite struct SecondFinishTests {
  @Test func creditOnASecondFinishIsSentInto() throws {
    var session = Session(role: .initiator, configuration: Configuration(), now: .zero)
    let id = try session.open()
    try session.write(ByteBuffer(repeating: 1, count: 300 * 1024), to: id)
    var wire = ByteBuffer()
    while session.drainOutbound(into: &wire, maxBytes: 1 << 20) {}
    #expect(session.sendBufferedBytes == 44 * 1024)

    var frames = ByteBuffer()
    Frame(.windowUpdate, [.ack, .fin], stream: id).encode(into: &frames)
    Frame(.windowUpdate, .fin, stream: id, length: 1 << 20).encode(into: &frames)
    session.receive(frames, at: .zero)
    var finishes = 0
    while let event = try session.nextEvent() {
      if event == .remoteFinished(id) { finishes += 1 }
    }
    #expect(finishes == 1)
    while session.drainOutbound(into: &wire, maxBytes: 1 << 20) {}
    #expect(session.sendBufferedBytes == 0)
  }
}
