import Identify
import NIOCore
import SansIO
import Wire

/// Identify and identify push: one message, in as many parts as it comes, up to the end of its side.
struct IdentifyDissector: StreamDissector {
  /// Identify is said by the side that was asked, push by the one that asks.
  private let speaker: Role
  private var receiver = Receiver(at: .zero, timeout: .seconds(Int64.max >> 32))
  private(set) var heldBytes = 0
  private var last: Stamp?
  private var isDone = false

  init?(_ name: ProtocolName, limits: Limits) {
    switch name {
    case .identify: speaker = .responder
    case .identifyPush: speaker = .initiator
    default: return nil
    }
  }

  mutating func receive(_ bytes: ByteBuffer, from side: Role, findings: inout Findings) {
    guard side == speaker else {
      return findings.add(.note(.malformed("bytes where there is nothing to say")), by: side)
    }
    guard !isDone else { return }
    var bytes = bytes
    heldBytes = min(heldBytes + bytes.readableBytes, MessageLimits.bytesMax)
    last = findings.stamp
    receiver.receive(&bytes)
    pull(findings: &findings)
  }

  mutating func finished(_ side: Role, findings: inout Findings) {
    guard side == speaker, !isDone else { return }
    receiver.remoteFinished()
    pull(findings: &findings)
  }

  /// A message whose end is not in the capture is shown as far as it came.
  mutating func ended(findings: inout Findings) {
    guard !isDone, let last else { return }
    findings.stamp = last
    finished(speaker, findings: &findings)
  }

  private mutating func pull(findings: inout Findings) {
    do throws(IdentifyError) {
      guard case .received(let message) = try receiver.nextEvent() else { return }
      findings.add(.identify(message), by: speaker)
    } catch {
      findings.add(.note(.malformed("identify: \(error)")), by: speaker)
    }
    isDone = true
    heldBytes = 0
  }
}
