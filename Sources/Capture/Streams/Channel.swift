import DequeModule
import Identity
import Multistream
import NIOCore
import Wire

/// A secured connection in an ordered byte stream: of TCP, or of a circuit through a relay.
struct Channel: Sendable {
  private var opening: Opening? = Opening()
  private var agreement: Agreement?
  private var noise: NoiseReader?
  /// Which side of the bytes below dials; inside, that one is the initiator.
  private var dialer = Role.initiator
  private var peers: (initiator: PeerID?, responder: PeerID?) = (nil, nil)

  var heldBytes: Int {
    (opening?.heldBytes ?? 0) + (agreement?.heldBytes ?? 0) + (noise?.heldBytes ?? 0)
  }

  /// The next keys might open what is held.
  var isWaitingForKeys: Bool { noise?.isWaitingForKeys ?? false }

  /// Takes bytes of a side of what lies below.
  mutating func receive(_ run: Run, from side: Role, findings: inout Findings) {
    inScope(&findings) { channel, findings in
      findings.stamp = run.stamp
      if channel.opening == nil {
        return channel.proceed(run, from: side, findings: &findings)
      }
      channel.open(run, from: side, findings: &findings)
    }
  }

  mutating func retry(findings: inout Findings) {
    inScope(&findings) { $0.noise?.retry(findings: &$1) }
  }

  /// Nothing more comes.
  mutating func finish(findings: inout Findings) {
    inScope(&findings) { channel, findings in
      if let opening = channel.opening { channel.begin(dialer: opening.firstProposer, findings: &findings) }
      channel.noise?.finish(findings: &findings)
    }
  }

  private mutating func inScope(_ findings: inout Findings, _ body: (inout Channel, inout Findings) -> Void) {
    let outer = findings.scope
    findings.scope.peers = peers
    if dialer == .responder { findings.scope.orientation = outer.orientation.opposite }
    body(&self, &findings)
    peers = findings.scope.peers
    findings.scope = outer
  }

  private mutating func open(_ run: Run, from side: Role, findings: inout Findings) {
    guard let decision = opening?.receive(run, from: side, limit: findings.limits.unexplainedBytesMax) else {
      return
    }
    switch decision {
    case .undecided: break
    case .foreign(let beginning, let speaker):
      findings.add(.note(.notLibp2p(beginning: beginning)), by: speaker)
      opening = nil
    case .dialer(let side): begin(dialer: side, findings: &findings)
    }
  }

  private mutating func begin(dialer side: Role, findings: inout Findings) {
    dialer = side
    if side == .responder { findings.scope.orientation = findings.scope.orientation.opposite }
    agreement = Agreement()
    let runs = opening?.runs ?? []
    opening = nil
    for (side, run) in runs { proceed(run, from: side, findings: &findings) }
  }

  private mutating func proceed(_ run: Run, from side: Role, findings: inout Findings) {
    let side = dialer == .initiator ? side : side.opposite
    if agreement != nil {
      agreement?.receive(run, from: side)
      agree(findings: &findings)
    } else {
      noise?.receive(run, from: side, findings: &findings)
    }
  }

  private mutating func agree(findings: inout Findings) {
    do throws(MultistreamError) {
      while let step = try agreement?.next() {
        switch step {
        case .said(let line, let side, let stamp):
          findings.stamp = stamp
          findings.add(line.fact(.security), by: side)
        case .agreed(let name): return secure(name, findings: &findings)
        }
      }
      if let held = agreement?.heldBytes, held > findings.limits.unexplainedBytesMax {
        findings.add(.note(.limit("the security protocol is not agreed on in \(held) bytes")), by: .initiator)
        agreement = nil
      }
    } catch {
      findings.add(.note(.malformed("multistream-select: \(error)")), by: .initiator)
      agreement = nil
    }
  }

  private mutating func secure(_ name: ProtocolName, findings: inout Findings) {
    let rests = Role.allCases.map { ($0, agreement?.takeRest(of: $0) ?? []) }
    agreement = nil
    guard name == "/noise" else {
      findings.add(.note(.unreadable(name)), by: .responder)
      return
    }
    noise = NoiseReader()
    for (side, runs) in rests {
      for run in runs { noise?.receive(run, from: side, findings: &findings) }
    }
  }
}
