public import Meshwork

/// A peer as `peers.list` shows it.
public struct PeerReport: Sendable {
  /// The peer.
  public var peerID: PeerID
  /// `online` or `offline`.
  public var presence: String
  /// The last sign of life, since the Unix epoch; `nil` when there was none.
  public var lastSeenMs: Int64?
  /// `direct`, `relayed` or `none`.
  public var path: String
  /// Why it is reached through a relay only, in words.
  public var relayedBecause: String?
  /// Where it can be reached.
  public var addresses: [Multiaddr]
  /// The last measured round trip.
  public var roundTrip: Duration?
  /// What it says of its program.
  public var agent: String?

  /// A report; what is left out is empty or not known.
  public init(
    peerID: PeerID, presence: String, lastSeenMs: Int64?, path: String, relayedBecause: String? = nil,
    addresses: [Multiaddr] = [], roundTrip: Duration? = nil, agent: String? = nil
  ) {
    self.peerID = peerID
    self.presence = presence
    self.lastSeenMs = lastSeenMs
    self.path = path
    self.relayedBecause = relayedBecause
    self.addresses = addresses
    self.roundTrip = roundTrip
    self.agent = agent
  }
}

extension PeerReport {
  var json: JSONValue {
    [
      "peerId": .string(peerID.description),
      "presence": .string(presence),
      "lastSeenMs": .optional(lastSeenMs),
      "path": .string(path),
      "relayedBecause": .optional(relayedBecause),
      "addrs": .strings(addresses.map(\.description)),
      "rttMs": .optional(roundTrip?.milliseconds),
      "agent": .optional(agent),
    ]
  }
}
