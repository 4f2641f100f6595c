package import Identity
package import Multistream
package import Noise
package import SansIO
package import Yamux

/// Why a connection ended. The whole connection is gone; errors of single streams are events.
package enum ConnectionError: AttributedError {
  case multistream(MultistreamError)
  case noise(NoiseError)
  case yamux(YamuxError)
  /// The upgrade did not finish within `Configuration.upgradeTimeout`.
  case upgradeTimedOut

  /// Who answered instead of whom, when that is what went wrong.
  package var wrongPeer: (expected: PeerID, actual: PeerID)? {
    if case .noise(.wrongPeer(let expected, let actual)) = self { (expected, actual) } else { nil }
  }

  /// The layer that failed.
  package enum Layer: String, Sendable {
    case negotiation = "multistream-select"
    case handshake = "noise"
    case muxer = "yamux"
    case time = "the upgrade"
  }

  package var layer: Layer {
    switch self {
    case .multistream: .negotiation
    case .noise: .handshake
    case .yamux: .muxer
    case .upgradeTimedOut: .time
    }
  }

  package var fault: Fault {
    switch self {
    case .multistream(let error): error.fault
    case .noise(let error): error.fault
    case .yamux(let error): error.fault
    case .upgradeTimedOut: .peer
    }
  }
}

extension ConnectionError: CustomStringConvertible {
  package var description: String {
    switch self {
    case .multistream(let error): "multistream-select: \(error)"
    case .noise(let error): "noise: \(error)"
    case .yamux(let error): "yamux: \(error)"
    case .upgradeTimedOut: "the upgrade of the connection took too long"
    }
  }
}
