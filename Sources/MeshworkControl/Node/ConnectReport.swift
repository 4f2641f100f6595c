public import Meshwork

/// A connection that stands, as `peers.connect` answers.
public struct ConnectReport: Sendable {
  /// The peer, proven.
  public var peerID: PeerID
  /// How long it took.
  public var elapsed: Duration
  /// `direct` or `relayed`.
  public var path: String

  /// A report of a connection.
  public init(peerID: PeerID, elapsed: Duration, path: String) {
    self.peerID = peerID
    self.elapsed = elapsed
    self.path = path
  }
}

extension ConnectReport {
  var json: JSONValue {
    ["peerId": .string(peerID.description), "ms": .number(elapsed.milliseconds), "path": .string(path)]
  }
}

extension Duration {
  /// Milliseconds with three decimals: what clocks of this kind are good for, and short to read.
  public var milliseconds: Double {
    let microseconds = Double(components.seconds) * 1e6 + (Double(components.attoseconds) / 1e12).rounded()
    return microseconds / 1e3
  }
}
