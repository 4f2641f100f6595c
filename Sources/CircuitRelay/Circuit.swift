import Identity
import NIOCore
import SansIO
import Wire

/// Two streams that are, or are to be, one connection between two peers.
struct Circuit: Sendable {
  /// The two ends. The hop stream is the initiator's, the stop stream leads to the target.
  enum End: Sendable {
    case hop, stop

    var other: End { self == .hop ? .stop : .hop }
  }

  enum Phase: Sendable {
    /// The stop stream is asked for.
    case opening(OpenID)
    /// The target has been asked and has not answered.
    case asking(LengthPrefixedFrames)
    case open
  }

  let initiator: PeerID
  let target: PeerID
  let hop: StreamHandle
  var stop: StreamHandle?
  var phase: Phase
  /// When it has to be open, and then, when it has to be over.
  var expiresAt: Instant?
  /// What goes to the target, and what comes from it.
  private var toStop = Flow()
  private var toHop = Flow()

  init(
    from initiator: PeerID, to target: PeerID, hop: StreamHandle, opening: OpenID, expiresAt: Instant,
    pace: Pace?
  ) {
    self.initiator = initiator
    self.target = target
    self.hop = hop
    self.expiresAt = expiresAt
    phase = .opening(opening)
    toStop.pace = pace
    toHop.pace = pace
  }

  /// What goes to an end.
  subscript(_ end: End) -> Flow {
    _read {
      if end == .stop { yield toStop } else { yield toHop }
    }
    _modify {
      if end == .stop { yield &toStop } else { yield &toHop }
    }
  }

  func stream(_ end: End) -> StreamHandle? { end == .hop ? hop : stop }

  var isOpen: Bool {
    if case .open = phase { true } else { false }
  }

  var heldBytes: Int { toStop.heldBytes + toHop.heldBytes }
  var isOver: Bool { toStop.isEnded && toHop.isEnded }

  /// Since when somebody does not read what is held for it.
  var stalledSince: Instant? {
    guard isOpen else { return nil }
    return [toStop, toHop].filter { $0.heldBytes > 0 }.map(\.waitingSince).min()
  }

  // MARK: Inputs

  enum OnReceive {
    /// Kept; with the stream that now has something to send, and whether it is the first that waits.
    case held(reader: StreamHandle?, isFirst: Bool)
    /// No bytes of the circuit's yet, but the target's answer.
    case answer(LengthPrefixedFrames)
    case overLimit
  }

  mutating func receive(
    _ bytes: ByteBuffer, from end: End, limit: UInt64?, at now: Instant
  ) -> OnReceive {
    if end == .stop, case .asking(let frames) = phase { return .answer(frames) }
    let isFirst = isOpen && self[end.other].heldBytes == 0
    guard self[end.other].append(bytes, limit: limit, at: now) else { return .overLimit }
    return .held(reader: isOpen ? standInLine(end.other) : nil, isFirst: isFirst)
  }

  /// The stream to an end, when it has something to send and does not stand in line for it.
  mutating func standInLine(_ end: End) -> StreamHandle? {
    guard !self[end].isInLine, hasOutbound(end), let stream = stream(end) else { return nil }
    self[end].isInLine = true
    return stream
  }

  // MARK: Outputs

  struct Turn {
    let chunk: ByteBuffer
    /// Whose bytes they are; nil for the relay's own.
    let writer: StreamHandle?
    /// Nothing waits behind them.
    let isLast: Bool
  }

  mutating func takeTurn(for end: End, maxBytes: Int, at now: Instant) -> Turn? {
    if let chunk = self[end].takePreface(maxBytes: maxBytes) {
      return Turn(chunk: chunk, writer: nil, isLast: !hasOutbound(end))
    }
    guard isOpen, self[end].preface.readableBytes == 0, let writer = stream(end.other),
      let chunk = self[end].take(maxBytes: maxBytes, at: now)
    else { return nil }
    return Turn(chunk: chunk, writer: writer, isLast: !hasOutbound(end))
  }

  /// The stream that is to be finished now, once.
  mutating func passEnd(to end: End) -> StreamHandle? {
    guard isOpen, self[end].isFinished, !self[end].isEnded, !hasOutbound(end), let stream = stream(end) else {
      return nil
    }
    self[end].isEnded = true
    return stream
  }

  /// What the initiator sends early waits for the target's answer.
  func hasOutbound(_ end: End) -> Bool {
    self[end].preface.readableBytes > 0 || isOpen && self[end].heldBytes > 0
  }
}
