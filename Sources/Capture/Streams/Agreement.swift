import DequeModule
import Multistream
import NIOCore
import Wire

/// Both sides of a negotiation by multistream-select, read as it went.
///
/// What an opener sends behind a proposal may be the next proposal or, if it did not wait for the answer,
/// already the agreed protocol; only the answer tells. So it is kept until then.
struct Agreement: Sendable {
  enum Step {
    case said(Line, by: Role, at: Stamp)
    /// Nothing more is negotiated; `takeRest` has what follows.
    case agreed(ProtocolName)
  }

  enum Line {
    case header
    case proposed(ProtocolName)
    case accepted(ProtocolName)
    case rejected(ProtocolName)

    func fact(_ level: MultistreamFact.Level) -> What {
      switch self {
      case .header: .multistream(.header(level))
      case .proposed(let name): .multistream(.proposed(level, name))
      case .accepted(let name): .multistream(.accepted(level, name))
      case .rejected(let name): .multistream(.rejected(level, name))
      }
    }
  }

  private struct Half: Sendable {
    var runs: Deque<Run> = []
    var reader = LineReader()
    var hasHeader = false

    mutating func nextLine() throws(MultistreamError) -> (text: ByteBuffer, stamp: Stamp)? {
      while var run = runs.popFirst() {
        let line = try reader.nextLine(from: &run.bytes)
        if run.bytes.readableBytes > 0 { runs.prepend(run) }
        if let line { return (line, run.stamp) }
      }
      return nil
    }
  }

  private var opener = Half()
  private var acceptor = Half()
  /// Proposed last, and not answered.
  private(set) var proposal: (name: ProtocolName, stamp: Stamp)?
  private var agreed: ProtocolName?
  private(set) var heldBytes = 0

  mutating func receive(_ run: Run, from side: Role) {
    heldBytes += run.bytes.readableBytes
    switch side {
    case .initiator: opener.runs.append(run)
    case .responder: acceptor.runs.append(run)
    }
  }

  /// Pulled until nil or agreed.
  mutating func next() throws(MultistreamError) -> Step? {
    if let agreed { return .agreed(agreed) }
    if !opener.hasHeader || proposal == nil, let line = try opener.nextLine() {
      heldBytes -= line.text.readableBytes
      return try proposed(line.text, at: line.stamp)
    }
    // Its header may come at any time, its answers only to what was proposed.
    if !acceptor.hasHeader || proposal != nil, let line = try acceptor.nextLine() {
      heldBytes -= line.text.readableBytes
      return try answered(line.text, at: line.stamp)
    }
    return nil
  }

  /// What one side said behind the negotiation.
  mutating func takeRest(of side: Role) -> Deque<Run> {
    switch side {
    case .initiator:
      defer { opener.runs = [] }
      return opener.runs
    case .responder:
      defer { acceptor.runs = [] }
      return acceptor.runs
    }
  }

  private mutating func proposed(_ line: ByteBuffer, at stamp: Stamp) throws(MultistreamError) -> Step {
    guard opener.hasHeader else {
      guard line.isWord(Negotiation.header) else { throw .wrongHeader }
      opener.hasHeader = true
      return .said(.header, by: .initiator, at: stamp)
    }
    let name = ProtocolName(String(decoding: line.readableBytesView, as: UTF8.self))
    proposal = (name, stamp)
    return .said(.proposed(name), by: .initiator, at: stamp)
  }

  private mutating func answered(_ line: ByteBuffer, at stamp: Stamp) throws(MultistreamError) -> Step {
    guard acceptor.hasHeader else {
      guard line.isWord(Negotiation.header) else { throw .wrongHeader }
      acceptor.hasHeader = true
      return .said(.header, by: .responder, at: stamp)
    }
    guard let name = proposal?.name else { throw .unexpectedAnswer }
    if line.readableBytesView.elementsEqual(name.rawValue.utf8) {
      agreed = name
      return .said(.accepted(name), by: .responder, at: stamp)
    }
    guard line.isWord(Negotiation.notAvailable) else { throw .unexpectedAnswer }
    proposal = nil
    return .said(.rejected(name), by: .responder, at: stamp)
  }
}
