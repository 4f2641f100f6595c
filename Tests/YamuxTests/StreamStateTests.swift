import Testing

@testable import Yamux

/// One stream's machine, completely: every phase it can be in, every input, what comes back and where it
/// leads.
@Suite struct StreamStateTests {
  enum Input: CaseIterable { case frame, data, fin, rst, finish, reset, announce, finSent, rstSent }

  /// The result of an input and the phase after it, as text; nil where giving the input would be a bug of the
  /// session.
  static func apply(_ input: Input, to phase: StreamState.Phase) -> (result: String, next: StreamState.Phase)?
  {
    var state = StreamState(phase: phase)
    switch input {
    case .frame: return ("\(state.frameReceived())", state.phase)
    case .data: return ("\(state.dataReceived())", state.phase)
    case .fin: return ("\(state.finishReceived())", state.phase)
    case .rst: return ("\(state.resetReceived())", state.phase)
    case .finish: return ("\(state.finish())", state.phase)
    case .reset: return ("\(state.reset(code: 7))", state.phase)
    case .announce:
      let flags = state.announce()
      return (flags == .syn ? "SYN" : flags == .ack ? "ACK" : "-", state.phase)
    case .finSent:
      guard state.isFinishing, !state.owesAnnouncement else { return nil }
      return ("\(state.finishSent())", state.phase)
    case .rstSent:
      guard state.resetCodeOwed != nil else { return nil }
      state.resetSent()
      return ("sent", state.phase)
    }
  }

  static func name(_ phase: StreamState.Phase) -> String {
    switch phase {
    case .live(let handshake, let sending, let receiving): "\(handshake).\(sending).\(receiving)"
    case .resetOwed: "resetOwed"
    case .closed: "closed"
    }
  }

  /// Phase, then for frame, data, fin, rst, finish, reset, announce, FIN sent, RST sent: the result, and the
  /// next phase when it is another.
  static let table = """
    synOwed.open.open
      unannounced; drop; ignore; ignore; \
    finishing > synOwed.finishing.open; forgotten > closed; SYN > synSent.open.open; ;
    synOwed.finishing.open
      unannounced; drop; ignore; ignore; \
    ignore; forgotten > closed; SYN > synSent.finishing.open; ;
    synSent.open.open
      acknowledged > established.open.open; deliver; halfClosed > synSent.open.finished; reset > closed; \
    finishing > synSent.finishing.open; owed > resetOwed; -; ;
    synSent.finishing.open
      acknowledged > established.finishing.open; deliver; \
    halfClosed > synSent.finishing.finished; reset > closed; \
    ignore; owed > resetOwed; -; halfClosed > synSent.finished.open;
    synSent.finished.open
      acknowledged > established.finished.open; deliver; closed > closed; reset > closed; \
    ignore; owed > resetOwed; -; ;
    ackOwed.open.open
      known; deliver; halfClosed > ackOwed.open.finished; reset > closed; \
    finishing > ackOwed.finishing.open; owed > resetOwed; ACK > established.open.open; ;
    ackOwed.open.finished
      known; afterFinish; ignore; reset > closed; \
    finishing > ackOwed.finishing.finished; owed > resetOwed; ACK > established.open.finished; ;
    ackOwed.finishing.open
      known; deliver; halfClosed > ackOwed.finishing.finished; reset > closed; \
    ignore; owed > resetOwed; ACK > established.finishing.open; ;
    ackOwed.finishing.finished
      known; afterFinish; ignore; reset > closed; \
    ignore; owed > resetOwed; ACK > established.finishing.finished; ;
    established.open.open
      known; deliver; halfClosed > established.open.finished; reset > closed; \
    finishing > established.finishing.open; owed > resetOwed; -; ;
    established.open.finished
      known; afterFinish; ignore; reset > closed; \
    finishing > established.finishing.finished; owed > resetOwed; -; ;
    established.finishing.open
      known; deliver; halfClosed > established.finishing.finished; reset > closed; \
    ignore; owed > resetOwed; -; halfClosed > established.finished.open;
    established.finishing.finished
      known; afterFinish; ignore; reset > closed; ignore; owed > resetOwed; -; closed > closed;
    established.finished.open
      known; deliver; closed > closed; reset > closed; ignore; owed > resetOwed; -; ;
    resetOwed
      late; drop; ignore; crossed > closed; ignore; ignore; -; ; sent > closed
    closed
      late; drop; ignore; ignore; ignore; ignore; -; ;
    """

  /// The phases a session can bring about: what a frame does comes after `frameReceived`.
  static func reachable() -> [StreamState.Phase] {
    var found: [StreamState.Phase] = [StreamState.outbound.phase, StreamState.inbound.phase]
    var next = 0
    while next < found.count {
      let phase = found[next]
      next += 1
      for input in Input.allCases {
        if [.data, .fin, .rst].contains(input), case .live(.synSent, _, _) = phase { continue }
        guard let outcome = apply(input, to: phase), !found.contains(outcome.next) else { continue }
        found.append(outcome.next)
      }
    }
    return found
  }

  @Test func theTableIsComplete() {
    let lines = Self.table.split(separator: "\n").map(String.init)
    let names = stride(from: 0, to: lines.count, by: 2).map { lines[$0] }
    #expect(names.sorted() == Self.reachable().map(Self.name).sorted())
  }

  @Test func everyPhaseTimesEveryInput() throws {
    let lines = Self.table.split(separator: "\n").map(String.init)
    var rows: [String: [String]] = [:]
    for row in stride(from: 0, to: lines.count, by: 2) {
      rows[lines[row]] = lines[row + 1].split(separator: ";", omittingEmptySubsequences: false).map {
        $0.trimmingPrefix { $0 == " " }.description
      }
    }
    for phase in Self.reachable() {
      let expected = try #require(rows[Self.name(phase)], "\(phase)")
      #expect(expected.count == Input.allCases.count, "\(phase)")
      for (input, cell) in zip(Input.allCases, expected) {
        let outcome = Self.apply(input, to: phase)
        let text = outcome.map { $0.next == phase ? $0.result : "\($0.result) > \(Self.name($0.next))" }
        #expect((text ?? "") == cell, "\(input) in \(Self.name(phase))")
      }
    }
  }

  @Test func whatHoldsFollowsFromThePhase() {
    for phase in Self.reachable() {
      let state = StreamState(phase: phase)
      #expect(!state.isWritable || state.isSending, "\(phase)")
      #expect(!state.isFinishing || (state.isSending && !state.isWritable), "\(phase)")
      #expect(!state.owesAnnouncement || state.isUnacknowledged, "\(phase)")
      // synOwed receives nothing yet, and may be given window all the same.
      #expect(
        (state.dataReceived() == .deliver)
          == (state.isReceiving && Self.apply(.frame, to: phase)?.result != "unannounced"))
    }
  }
}
