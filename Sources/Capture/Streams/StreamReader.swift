import DequeModule
import Multistream
import NIOCore
import Wire

/// One stream of a muxer: its negotiation, then whatever was agreed on.
struct StreamReader: Sendable {
  let number: UInt32
  private let opener: Role
  private var agreement: Agreement? = Agreement()
  private var dissector: (any StreamDissector)?
  private var protocolName: ProtocolName?
  private var pace: StreamPace
  /// In terms of the stream, as all below here.
  private var finished: Set<Role> = []
  private(set) var wasReset = false
  /// Ends that came while what was said before them is not explained yet.
  private var ends: [(fact: YamuxFact, side: Role, stamp: Stamp)] = []

  init(number: UInt32, opener: Role, at now: Stamp) {
    self.number = number
    self.opener = opener
    pace = StreamPace(at: now.time)
  }

  var heldBytes: Int { (agreement?.heldBytes ?? 0) + (dissector?.heldBytes ?? 0) }
  var isFinished: Bool { finished.count == 2 }
  var isWaitingForKeys: Bool { dissector?.isWaitingForKeys ?? false }

  /// The side of the stream that a side of the connection is.
  private func own(_ side: Role) -> Role { opener == .initiator ? side : side.opposite }

  private mutating func inScope(
    _ findings: inout Findings, _ body: (inout StreamReader, inout Findings) -> Void
  ) {
    let pace = pace
    findings.inStream(number, openedBy: opener, speaking: protocolName) { findings in
      findings.scope.pace = pace
      body(&self, &findings)
    }
  }

  // MARK: Inputs, in terms of the connection

  mutating func note(_ fact: YamuxFact, by side: Role, findings: inout Findings) {
    let side = own(side)
    inScope(&findings) { _, findings in findings.add(.yamux(fact), by: side) }
  }

  mutating func reset(code: UInt32, by side: Role, findings: inout Findings) {
    wasReset = true
    ends.append((.reset(code: code), own(side), findings.stamp))
    sayEnds(findings: &findings)
  }

  mutating func receive(_ bytes: ByteBuffer, from side: Role, findings: inout Findings) {
    let side = own(side)
    pace.spoken(by: side)
    inScope(&findings) { stream, findings in
      guard stream.agreement != nil else {
        stream.dissector?.receive(bytes, from: side, findings: &findings)
        return
      }
      stream.agreement?.receive(Run(bytes: bytes, stamp: findings.stamp), from: side)
      stream.agree(findings: &findings)
    }
    sayEnds(findings: &findings)
  }

  mutating func finished(_ side: Role, findings: inout Findings) {
    let side = own(side)
    guard finished.insert(side).inserted else { return }
    ends.append((.finished, side, findings.stamp))
    sayEnds(findings: &findings)
  }

  private mutating func sayEnds(findings: inout Findings) {
    guard agreement == nil, !ends.isEmpty else { return }
    let now = findings.stamp
    defer { findings.stamp = now }
    inScope(&findings) { stream, findings in
      for (fact, side, stamp) in stream.ends {
        findings.stamp = stamp
        // What the end completes was said before it.
        if fact == .finished {
          stream.dissector?.finished(side, findings: &findings)
        } else {
          stream.dissector?.wasReset(by: side, findings: &findings)
        }
        findings.add(.yamux(fact), by: side)
      }
      stream.ends = []
    }
  }

  mutating func retry(findings: inout Findings) {
    inScope(&findings) { $0.dissector?.retry(findings: &$1) }
  }

  /// Nothing more comes of this stream.
  mutating func end(findings: inout Findings) {
    inScope(&findings) { stream, findings in
      stream.acceptUnanswered(findings: &findings)
      stream.agreement = nil
    }
    sayEnds(findings: &findings)
    inScope(&findings) { $0.dissector?.ended(findings: &$1) }
  }

  // MARK: Negotiation

  private mutating func agree(findings: inout Findings) {
    let now = findings.stamp
    defer { findings.stamp = now }
    do throws(MultistreamError) {
      while let step = try agreement?.next() {
        switch step {
        case .said(let line, let side, let stamp):
          findings.stamp = stamp
          findings.add(line.fact(.stream), by: side)
        case .agreed(let name): return speak(name, findings: &findings)
        }
      }
      if let held = agreement?.heldBytes, held > findings.limits.unexplainedBytesMax {
        acceptUnanswered(findings: &findings)
        agreement = nil
      }
    } catch {
      findings.add(.note(.malformed("multistream-select: \(error)")), by: .initiator)
      agreement = nil
    }
  }

  /// The opener went on without an answer, and none has come.
  private mutating func acceptUnanswered(findings: inout Findings) {
    guard let (name, stamp) = agreement?.proposal else { return }
    findings.stamp = stamp
    findings.add(.note(.unanswered(name)), by: .initiator)
    speak(name, findings: &findings)
  }

  private mutating func speak(_ name: ProtocolName, findings: inout Findings) {
    let rests = Role.allCases.map { ($0, agreement?.takeRest(of: $0) ?? []) }
    agreement = nil
    protocolName = name
    findings.scope.protocolName = name
    var dissector = StreamProtocols.dissector(of: name, limits: findings.limits)
    for (side, runs) in rests {
      for run in runs {
        findings.stamp = run.stamp
        dissector.receive(run.bytes, from: side, findings: &findings)
      }
    }
    self.dissector = dissector
  }
}

extension Findings {
  /// Runs `body` with what it adds said of a stream.
  mutating func inStream(
    _ number: UInt32, openedBy opener: Role, speaking name: ProtocolName? = nil,
    _ body: (inout Findings) -> Void
  ) {
    let outer = scope
    scope.stream = number
    scope.protocolName = name
    scope.orientation = outer.end(of: opener)
    body(&self)
    scope = outer
  }
}
