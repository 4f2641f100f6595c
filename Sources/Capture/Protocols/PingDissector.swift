import DequeModule
import NIOCore
import Ping
import SansIO
import Wire

/// Ping: 32 bytes and the same 32 back (libp2p specs, ping/ping.md).
struct PingDissector: StreamDissector {
  private static let payloadBytes = 32
  /// Requests whose echo is remembered to come. The protocol sends one at a time.
  private static let outstandingMax = 128

  private var asking = ByteBuffer()
  private var answering = ByteBuffer()
  private var outstanding: Deque<(number: Int, payload: ByteBuffer, sentAt: Instant)> = []
  private var requests = 0
  private var echoes = 0

  init?(_ name: ProtocolName, limits: Limits) {
    guard name == .ping else { return nil }
  }

  var heldBytes: Int {
    asking.readableBytes + answering.readableBytes + outstanding.count * Self.payloadBytes
  }

  mutating func receive(_ bytes: ByteBuffer, from side: Role, findings: inout Findings) {
    switch side {
    case .initiator:
      asking.writeImmutableBuffer(bytes)
      while let payload = asking.readSlice(length: Self.payloadBytes) {
        requests += 1
        if outstanding.count >= Self.outstandingMax { outstanding.removeFirst() }
        outstanding.append((requests, ByteBuffer(payload.readableBytesView), findings.stamp.time))
        findings.add(.ping(.request(number: requests)), by: .initiator)
      }
      asking = ByteBuffer(asking.readableBytesView)
    case .responder:
      answering.writeImmutableBuffer(bytes)
      while let payload = answering.readSlice(length: Self.payloadBytes) {
        echo(payload, findings: &findings)
      }
      answering = ByteBuffer(answering.readableBytesView)
    }
  }

  private mutating func echo(_ payload: ByteBuffer, findings: inout Findings) {
    echoes += 1
    let request = outstanding.popFirst()
    let isRight = request?.payload == payload
    guard let request, isRight else {
      return findings.add(.ping(.wrongEcho(number: echoes)), by: .responder)
    }
    let elapsed = (findings.stamp.time - request.sentAt).clampedNanoseconds
    findings.add(.ping(.echo(number: request.number, afterNanoseconds: elapsed)), by: .responder)
  }
}
