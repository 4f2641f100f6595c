package import SansIO
package import Yamux

extension Connection {
  /// A stream of this connection; never reused within its life.
  package typealias StreamID = Yamux.StreamID
}

extension Connection.StreamID {
  /// By the number it has on the wire.
  package init(number: UInt32) { self.init(rawValue: number) }

  package var number: UInt32 { rawValue }
}

/// Why a command on a stream cannot be carried out. Nothing was taken, and the connection lives on.
package enum StreamError: AttributedError {
  /// Wait for `.writable`.
  case sendBufferFull
  /// No such stream, or our half of it is finished.
  case notOpen
  /// No protocol was named, too many, or one whose name cannot be proposed.
  case unspeakable
  /// A limit of the muxer, in words.
  case limit(String)
  /// The connection takes no new streams: it is being closed, or not established yet.
  case closing

  init(_ error: YamuxError) {
    switch error {
    case .sendBufferFull: self = .sendBufferFull
    case .unknownStream, .alreadyFinished: self = .notOpen
    case .tooManyStreams, .ackBacklogFull, .streamIDsExhausted: self = .limit("\(error)")
    default: self = .closing
    }
  }

  package var fault: Fault {
    switch self {
    case .sendBufferFull, .limit: .limit
    case .notOpen, .unspeakable, .closing: .local
    }
  }
}
