// The side that accepted the stream and answers.

package import NIOCore
package import Wire

/// Answers proposals until one names a protocol we support.
///
/// The header is held back until the dialer's has arrived, so it leaves in one segment with the first answer.
package struct Listener: Sendable {
  private enum Phase: Sendable {
    case awaitingHeader
    case awaitingProposal
    case done
  }

  private var reader = LineReader()
  private var phase = Phase.awaitingHeader
  private var proposalCount = 0

  // What is owed, in the order it is sent.
  private var owesHeader = false
  private var refusalsOwed = 0
  private var acceptanceOwed: ProtocolName?

  package init() {}

  /// Whether nothing has been received.
  package var isFresh: Bool { phase == .awaitingHeader && reader.isBetweenLines }

  /// Whether the other side has sent its header, was sent ours, and has proposed nothing: another listener.
  package var isGreeted: Bool {
    phase == .awaitingProposal && proposalCount == 0 && !owesHeader && reader.isBetweenLines
  }

  /// Takes the dialer's lines, and nothing that follows the proposal it accepts.
  /// - Returns: the agreed protocol, once.
  package mutating func receive(
    _ bytes: inout ByteBuffer, supported: (ProtocolName) -> Bool
  ) throws(MultistreamError) -> ProtocolName? {
    do throws(MultistreamError) {
      while phase != .done {
        guard let line = try reader.nextLine(from: &bytes) else { return nil }
        if let agreed = try accept(line, supported) { return agreed }
      }
      return nil
    } catch {
      phase = .done
      owesHeader = false
      refusalsOwed = 0
      reader.discard()
      throw error
    }
  }

  /// Appends what is owed to the dialer.
  /// - Returns: whether anything was.
  package mutating func drainOutbound(into wire: inout ByteBuffer) -> Bool {
    guard owesHeader || refusalsOwed > 0 || acceptanceOwed != nil else { return false }
    if owesHeader { wire.writeLine(Negotiation.header) }
    for _ in 0..<refusalsOwed { wire.writeLine(Negotiation.notAvailable) }
    if let name = acceptanceOwed { wire.writeLine(name.rawValue.utf8) }
    owesHeader = false
    refusalsOwed = 0
    acceptanceOwed = nil
    return true
  }

  private mutating func accept(
    _ line: ByteBuffer, _ supported: (ProtocolName) -> Bool
  ) throws(MultistreamError) -> ProtocolName? {
    if phase == .awaitingHeader {
      guard line.isWord(Negotiation.header) else { throw .wrongHeader }
      phase = .awaitingProposal
      owesHeader = true
      return nil
    }
    proposalCount += 1
    if proposalCount > Negotiation.proposalsMax { throw .tooManyProposals }
    if !line.isWord(Negotiation.list), case let name = try protocolName(line), supported(name) {
      phase = .done
      acceptanceOwed = name
      return name
    }
    refusalsOwed += 1
    return nil
  }

  private func protocolName(_ line: ByteBuffer) throws(MultistreamError) -> ProtocolName {
    guard let text = String(validating: line.readableBytesView, as: UTF8.self) else { throw .malformedName }
    let name = ProtocolName(text)
    guard Negotiation.canPropose(name) else { throw .malformedName }
    return name
  }
}
