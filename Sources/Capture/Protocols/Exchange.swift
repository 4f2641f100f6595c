import DequeModule
import NIOCore
import Wire

/// A request and its answer behind their lengths, and what each side says behind its own.
///
/// Only the answer tells what the bytes behind it and behind the request are; they are kept until then. They
/// may stand in one packet with it.
struct Exchange: Sendable {
  private struct Half: Sendable {
    var runs: Deque<Run> = []
    var frames: LengthPrefixedFrames
    var hasSpoken = false

    mutating func nextMessage() throws(WireError) -> Run? {
      while var run = runs.popFirst() {
        frames.receive(&run.bytes)
        guard let message = try frames.nextFrame() else { continue }
        hasSpoken = true
        let rest = frames.takeUnread()
        if rest.readableBytes > 0 { runs.prepend(Run(bytes: rest, stamp: run.stamp)) }
        return Run(bytes: message, stamp: run.stamp)
      }
      return nil
    }
  }

  private var asking: Half
  private var answering: Half
  private(set) var heldBytes = 0

  /// - Parameter bytesMax: of a message.
  init(bytesMax: Int) {
    asking = Half(frames: LengthPrefixedFrames(maxBytes: bytesMax))
    answering = asking
  }

  mutating func receive(_ run: Run, from side: Role) {
    heldBytes += run.bytes.readableBytes
    switch side {
    case .initiator: asking.runs.append(run)
    case .responder: answering.runs.append(run)
    }
  }

  /// The request, then the answer, then nil.
  mutating func nextMessage() throws(WireError) -> (side: Role, message: Run)? {
    if !asking.hasSpoken {
      guard let message = try asking.nextMessage() else { return nil }
      return (.initiator, message)
    }
    guard !answering.hasSpoken, let message = try answering.nextMessage() else { return nil }
    return (.responder, message)
  }

  /// What has come behind the two, as it was captured.
  mutating func takeRest() -> [(side: Role, run: Run)] {
    let runs =
      asking.runs.map { (side: Role.initiator, run: $0) }
      + answering.runs.map { (side: Role.responder, run: $0) }
    (asking.runs, answering.runs, heldBytes) = ([], [], 0)
    return runs.indices.sorted { (runs[$0].run.stamp, $0) < (runs[$1].run.stamp, $1) }.map { runs[$0] }
  }
}
