package import SansIO

/// Everything that can go wrong in a session, with the stream and the numbers that were wrong.
package enum YamuxError: AttributedError {
  // The peer broke the protocol. The session is over: after such a frame neither side knows what the other
  // holds.
  case unknownVersion(UInt8)
  case unknownFrameType(UInt8)
  /// A data or window update frame for stream 0.
  case streamFrameForSession
  /// A ping or go away frame for a stream.
  case sessionFrameForStream(StreamID)
  /// SYN for an identifier that is ours to open.
  case wrongParity(StreamID)
  /// SYN for a stream that is open.
  case duplicateStream(StreamID)
  /// SYN for a stream that was open before.
  case reusedStream(StreamID)
  /// A data frame longer than the window we gave.
  case windowExceeded(StreamID, length: UInt32, window: UInt32)
  /// Credit that takes the window above 2³² − 1.
  case creditOverflow(StreamID, window: UInt32, credit: UInt32)
  /// Data on a half the peer has closed.
  case dataAfterFinish(StreamID)

  // Limits of ours. The session is over.
  /// The peer opened streams only to reset them, or to have them refused, faster than we allow.
  case tooManyAbortedStreams
  /// More streams were refused than we care to owe RSTs for: the peer opens without reading.
  case tooManyRefusals
  /// A ping was not answered, and nothing else arrived since it was due.
  case keepAliveTimeout

  // A command could not be done. The session lives.
  case tooManyStreams
  /// The peer has yet to acknowledge as many streams as we may open unacknowledged.
  case ackBacklogFull
  case streamIDsExhausted
  /// One side has said go away: no new streams.
  case goneAway
  case sendBufferFull(StreamID)
  case unknownStream(StreamID)
  /// Our half was closed by `finish`.
  case alreadyFinished(StreamID)

  package var fault: Fault {
    switch self {
    case .unknownVersion, .unknownFrameType, .streamFrameForSession, .sessionFrameForStream, .wrongParity,
      .duplicateStream, .reusedStream, .windowExceeded, .creditOverflow, .dataAfterFinish:
      .peer
    case .tooManyAbortedStreams, .tooManyRefusals, .tooManyStreams, .ackBacklogFull, .sendBufferFull:
      .limit
    case .keepAliveTimeout, .streamIDsExhausted, .goneAway, .unknownStream, .alreadyFinished:
      .local
    }
  }

  /// What to tell the peer when this error ends the session. A peer that went silent is told nothing.
  var goAwayCode: UInt32? {
    switch fault {
    case .peer: GoAwayCode.protocolError
    case .limit: GoAwayCode.internalError
    case .local: nil
    }
  }
}
