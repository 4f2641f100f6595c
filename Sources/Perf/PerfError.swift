// Why a run is broken off, and whose fault it is.

package import SansIO

package enum PerfError: AttributedError {
  /// The server sent something before it can have read the whole upload, or the client something after it.
  case unexpectedBytes
  /// The server sent more than it was asked for.
  case surplusBytes
  /// The counted form's answer to the upload was not 0x06.
  case wrongAcknowledgement
  /// The peer finished the stream in the middle of the request, of the upload or of the download.
  case endedEarly
  /// More bytes asked for, or uploaded, than the server's limits allow.
  case requestTooLarge
  /// Nothing moved for too long.
  case stalled

  package var fault: Fault {
    switch self {
    case .unexpectedBytes, .surplusBytes, .wrongAcknowledgement, .endedEarly: .peer
    case .requestTooLarge, .stalled: .limit
    }
  }
}
