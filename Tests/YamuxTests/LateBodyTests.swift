import NIOCore
import SansIO
import Testing
import Wire
@testable import Yamux

/// A body whose header was not for a stream is for nobody, even if the stream is there before the body ends.
/// Delivered, it would be bytes that no window had been charged for.
@Suite struct LateBodyTests {
  @Test(arguments: [false, true])
  func aBodyThatBeganBeforeItsStreamIsDropped(isOpenedBefore: Bool) throws {
    var session = Session(role: .initiator, configuration: Configuration(), now: .zero)
    if isOpenedBefore { _ = try session.open() }
    var wire = ByteBuffer()
    Frame(.data, .fin, stream: StreamID(rawValue: 1), length: 10).encode(into: &wire)
    wire.writeRepeatingByte(1, count: 5)
    session.receive(wire, at: .zero)
    #expect(try session.nextEvent() == nil)

    if !isOpenedBefore { _ = try session.open() }
    var sent = ByteBuffer()
    while session.drainOutbound(into: &sent, maxBytes: 1000) {}
    session.receive(ByteBuffer(repeating: 1, count: 5), at: .zero)
    #expect(try session.nextEvent() == nil)
    #expect(session.drops.lateBytes == 10)
    #expect(session.unreadBytes == 0)
    #expect(session.streamCount == 1)
  }
}
