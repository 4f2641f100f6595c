// The side that opened the stream and proposes.

package import NIOCore
package import Wire

/// Proposes protocols in order of preference until one is accepted.
///
/// The header and the first proposal leave together, so agreement costs one round trip. A `lazy` dialer's
/// payload may leave with them and make it none: append it once `payloadMayFollow` says so, which is after
/// the *last* proposal has been drained, because payload behind a refused name would be read as the next
/// proposal. Should that last name be refused, `receive` throws `.refused`: the payload was not understood,
/// and the stream must be reset.
package struct Dialer: Sendable {
  private enum Phase: Sendable {
    case awaitingHeader
    case awaitingAnswer
    case agreed
    case failed
  }

  private enum Owed: Sendable {
    case headerAndProposal
    case proposal
    case nothing
  }

  private let isLazy: Bool
  /// What is being proposed and, behind it, the alternatives that are left.
  private var proposals: ArraySlice<ProtocolName>
  private var reader = LineReader()
  private var phase = Phase.awaitingHeader
  private var owed = Owed.headerAndProposal

  /// - Parameter isGreeted: whether both sides have sent the header already, as listeners who waited for each
  ///   other.
  package init(_ protocols: [ProtocolName], lazy: Bool, isGreeted: Bool = false) {
    precondition(
      (1...Negotiation.proposalsMax).contains(protocols.count),
      "\(protocols.count) proposals; a listener answers 1 to \(Negotiation.proposalsMax)")
    for name in protocols {
      precondition(Negotiation.canPropose(name), "\(name) is no protocol name; check with canPropose first")
    }
    proposals = protocols[...]
    isLazy = lazy
    if isGreeted { (phase, owed) = (.awaitingAnswer, .proposal) }
  }

  /// Whether bytes of the protocol may be written behind what has been drained: always after the agreement,
  /// and for a lazy dialer as soon as its last proposal is on its way.
  package var payloadMayFollow: Bool {
    switch phase {
    case .agreed: owed == .nothing
    case .awaitingHeader, .awaitingAnswer: isLazy && proposals.count == 1 && owed == .nothing
    case .failed: false
    }
  }

  /// Takes the listener's lines, and nothing that follows the agreement.
  /// - Returns: the agreed protocol, once.
  package mutating func receive(_ bytes: inout ByteBuffer) throws(MultistreamError) -> ProtocolName? {
    do throws(MultistreamError) {
      while phase == .awaitingHeader || phase == .awaitingAnswer {
        guard let line = try reader.nextLine(from: &bytes) else { return nil }
        if let agreed = try accept(line) { return agreed }
      }
      return nil
    } catch {
      fail()
      throw error
    }
  }

  /// Appends what is owed to the listener.
  /// - Returns: whether anything was.
  package mutating func drainOutbound(into wire: inout ByteBuffer) -> Bool {
    guard let proposal = proposals.first else { return false }
    switch owed {
    case .nothing: return false
    case .headerAndProposal:
      wire.writeLine(Negotiation.header)
      wire.writeLine(proposal.rawValue.utf8)
    case .proposal:
      wire.writeLine(proposal.rawValue.utf8)
    }
    owed = .nothing
    return true
  }

  private mutating func accept(_ line: ByteBuffer) throws(MultistreamError) -> ProtocolName? {
    if phase == .awaitingHeader {
      // May come before ours has left: both sides are free to send it at once.
      guard line.isWord(Negotiation.header) else { throw .wrongHeader }
      phase = .awaitingAnswer
      return nil
    }
    guard owed == .nothing, let proposal = proposals.first else { throw .unexpectedAnswer }
    if line.readableBytesView.elementsEqual(proposal.rawValue.utf8) {
      phase = .agreed
      proposals = []
      return proposal
    }
    guard line.isWord(Negotiation.notAvailable) else { throw .unexpectedAnswer }
    proposals.removeFirst()
    if proposals.isEmpty { throw .refused }
    owed = .proposal
    return nil
  }

  private mutating func fail() {
    phase = .failed
    owed = .nothing
    proposals = []
    reader.discard()
  }
}
