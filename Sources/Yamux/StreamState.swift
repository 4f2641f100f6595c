/// One stream's life: how it is opened, how each half closes, and how it is reset. It knows nothing of bytes.
///
///         handshake             sending                        receiving
///   ours:   synOwed → synSent → established     open → finishing → finished    open → finished
///   theirs: ackOwed → established
///
/// Both halves finished is `closed`. A reset of ours is `resetOwed` until its frame has been written, so that
/// the table of streams also bounds the RSTs we owe; a reset of theirs is `closed` at once.
struct StreamState: Hashable, Sendable {
  enum Handshake: UInt8, CaseIterable, Sendable { case synOwed, synSent, ackOwed, established }
  /// `finishing`: closed by the owner, with bytes or the FIN itself still to be written.
  enum Sending: UInt8, CaseIterable, Sendable { case open, finishing, finished }
  enum Receiving: UInt8, CaseIterable, Sendable { case open, finished }

  enum Phase: Hashable, Sendable {
    case live(Handshake, Sending, Receiving)
    case resetOwed(code: UInt32)
    case closed
  }

  private(set) var phase: Phase

  static let outbound = StreamState(phase: .live(.synOwed, .open, .open))
  static let inbound = StreamState(phase: .live(.ackOwed, .open, .open))

  // MARK: From the peer

  enum OnFrameReceived: Hashable {
    /// The peer cannot know of this stream yet.
    case unannounced
    /// The first sign that the peer accepted our stream, with or without the ACK flag.
    case acknowledged
    case known
    /// Reset by us; whatever still arrives is late.
    case late
  }

  /// Comes before any other input for the same frame.
  mutating func frameReceived() -> OnFrameReceived {
    switch phase {
    case .live(.synOwed, _, _):
      return .unannounced
    case .live(.synSent, let sending, let receiving):
      phase = .live(.established, sending, receiving)
      return .acknowledged
    case .live(.ackOwed, _, _), .live(.established, _, _):
      return .known
    case .resetOwed, .closed:
      return .late
    }
  }

  enum OnDataReceived: Hashable { case deliver, afterFinish, drop }

  func dataReceived() -> OnDataReceived {
    switch phase {
    case .live(.synOwed, _, _): .drop
    case .live(_, _, .open): .deliver
    case .live(_, _, .finished): .afterFinish
    case .resetOwed, .closed: .drop
    }
  }

  enum OnFinishReceived: Hashable {
    case halfClosed, closed
    /// A second FIN changes nothing.
    case ignore
  }

  mutating func finishReceived() -> OnFinishReceived {
    switch phase {
    case .live(.synOwed, _, _), .live(_, _, .finished), .resetOwed, .closed:
      return .ignore
    case .live(_, .finished, .open):
      phase = .closed
      return .closed
    case .live(let handshake, let sending, .open):
      phase = .live(handshake, sending, .finished)
      return .halfClosed
    }
  }

  enum OnResetReceived: Hashable {
    case reset
    /// Both sides reset it: ours need not be sent any more, and its owner has long been told.
    case crossed
    case ignore
  }

  mutating func resetReceived() -> OnResetReceived {
    switch phase {
    case .live(.synOwed, _, _), .closed:
      return .ignore
    case .live:
      phase = .closed
      return .reset
    case .resetOwed:
      phase = .closed
      return .crossed
    }
  }

  // MARK: From the owner

  enum OnFinish: Hashable { case finishing, ignore }

  mutating func finish() -> OnFinish {
    guard case .live(let handshake, .open, let receiving) = phase else { return .ignore }
    phase = .live(handshake, .finishing, receiving)
    return .finishing
  }

  enum OnReset: Hashable {
    case owed
    /// The peer has never heard of the stream, so there is nothing to tell it.
    case forgotten
    case ignore
  }

  mutating func reset(code: UInt32) -> OnReset {
    switch phase {
    case .live(.synOwed, _, _):
      phase = .closed
      return .forgotten
    case .live:
      phase = .resetOwed(code: code)
      return .owed
    case .resetOwed, .closed:
      return .ignore
    }
  }

  // MARK: To the peer

  /// The flags the next frame of this stream must carry, which the caller then writes.
  mutating func announce() -> Frame.Flags {
    switch phase {
    case .live(.synOwed, let sending, let receiving):
      phase = .live(.synSent, sending, receiving)
      return .syn
    case .live(.ackOwed, let sending, let receiving):
      phase = .live(.established, sending, receiving)
      return .ack
    case .live(.synSent, _, _), .live(.established, _, _), .resetOwed, .closed:
      return []
    }
  }

  enum OnFinishSent: Hashable { case halfClosed, closed }

  mutating func finishSent() -> OnFinishSent {
    switch phase {
    case .live(let handshake, .finishing, .open) where handshake == .synSent || handshake == .established:
      phase = .live(handshake, .finished, .open)
      return .halfClosed
    case .live(.synSent, .finishing, .finished), .live(.established, .finishing, .finished):
      phase = .closed
      return .closed
    case .live, .resetOwed, .closed:
      preconditionFailure("FIN sent while \(phase)")
    }
  }

  mutating func resetSent() {
    guard case .resetOwed = phase else { preconditionFailure("RST sent while \(phase)") }
    phase = .closed
  }

  // MARK: What holds now

  /// SYN or ACK has yet to be written.
  var owesAnnouncement: Bool {
    switch phase {
    case .live(.synOwed, _, _), .live(.ackOwed, _, _): true
    case .live(.synSent, _, _), .live(.established, _, _), .resetOwed, .closed: false
    }
  }

  /// One side waits for the other's ACK.
  var isUnacknowledged: Bool {
    switch phase {
    case .live(let handshake, _, _): handshake != .established
    case .resetOwed, .closed: false
    }
  }

  /// The owner may write.
  var isWritable: Bool {
    if case .live(_, .open, _) = phase { true } else { false }
  }

  /// Queued bytes may be sent.
  var isSending: Bool {
    switch phase {
    case .live(_, .open, _), .live(_, .finishing, _): true
    case .live(_, .finished, _), .resetOwed, .closed: false
    }
  }

  var isFinishing: Bool {
    if case .live(_, .finishing, _) = phase { true } else { false }
  }

  /// More can arrive, so window is worth giving.
  var isReceiving: Bool {
    if case .live(_, _, .open) = phase { true } else { false }
  }

  var resetCodeOwed: UInt32? {
    if case .resetOwed(let code) = phase { code } else { nil }
  }
}
