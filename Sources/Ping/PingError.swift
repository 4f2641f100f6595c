// Why a ping stream is reset, and whose fault it is.

package import SansIO

package enum PingError: AttributedError {
  /// The echo differs from what was sent.
  case wrongEcho
  /// Bytes arrived that echo nothing.
  case unexpectedBytes
  /// The peer finished the stream while its echo was outstanding.
  case endedEarly
  /// The peer finished the stream in the middle of a payload.
  case truncatedPayload
  /// No whole echo within the time allowed.
  case timedOut
  /// The peer sends payloads and does not read their echoes.
  case echoBacklogFull
  /// The peer holds a stream open on which nothing happens.
  case idle

  package var fault: Fault {
    switch self {
    case .wrongEcho, .unexpectedBytes, .endedEarly, .truncatedPayload: .peer
    case .timedOut, .echoBacklogFull, .idle: .limit
    }
  }
}
