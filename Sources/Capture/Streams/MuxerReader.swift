import DequeModule
import Multistream
import NIOCore
import Wire

/// What is said inside Noise: the negotiation of the muxer where there is one, then Yamux.
struct MuxerReader: Sendable {
  private enum Phase: Hashable {
    /// Nothing was said yet.
    case beginning
    case agreeing
    case running
    /// The rest is not read.
    case over
  }

  private var phase = Phase.beginning
  private var agreement: Agreement?
  private var yamux: YamuxReader?

  var heldBytes: Int { (agreement?.heldBytes ?? 0) + (yamux?.heldBytes ?? 0) }

  var isWaitingForKeys: Bool { yamux?.isWaitingForKeys ?? false }

  mutating func receive(_ run: Run, from side: Role, findings: inout Findings) {
    if phase == .beginning { begin(with: run.bytes) }
    switch phase {
    case .beginning, .over: break
    case .agreeing:
      agreement?.receive(run, from: side)
      agree(findings: &findings)
    case .running:
      findings.stamp = run.stamp
      yamux?.receive(run.bytes, from: side, findings: &findings)
    }
  }

  mutating func retry(findings: inout Findings) {
    yamux?.retry(findings: &findings)
  }

  mutating func finish(findings: inout Findings) {
    yamux?.finish(findings: &findings)
  }

  /// Where the handshake agreed on the muxer, its first frame comes at once, and begins with Yamux's version,
  /// which is zero. No line of multistream-select does.
  private mutating func begin(with bytes: ByteBuffer) {
    guard let first = bytes.number(at: 0, as: UInt8.self) else { return }
    if first == 0 {
      yamux = YamuxReader()
      phase = .running
    } else {
      agreement = Agreement()
      phase = .agreeing
    }
  }

  private mutating func agree(findings: inout Findings) {
    do throws(MultistreamError) {
      while let step = try agreement?.next() {
        switch step {
        case .said(let line, let side, let stamp):
          findings.stamp = stamp
          findings.add(line.fact(.muxer), by: side)
        case .agreed(let name): return run(name, findings: &findings)
        }
      }
      if let held = agreement?.heldBytes, held > findings.limits.unexplainedBytesMax {
        end(.limit("the muxer is not agreed on in \(held) bytes"), findings: &findings)
      }
    } catch {
      end(.malformed("multistream-select: \(error)"), findings: &findings)
    }
  }

  private mutating func end(_ note: Note, findings: inout Findings) {
    findings.add(.note(note), by: .initiator)
    phase = .over
    agreement = nil
  }

  private mutating func run(_ name: ProtocolName, findings: inout Findings) {
    let rests = Role.allCases.map { ($0, agreement?.takeRest(of: $0) ?? []) }
    agreement = nil
    guard name == "/yamux/1.0.0" else { return end(.unreadable(name), findings: &findings) }
    yamux = YamuxReader()
    phase = .running
    for (side, runs) in rests {
      for run in runs { receive(run, from: side, findings: &findings) }
    }
  }
}
