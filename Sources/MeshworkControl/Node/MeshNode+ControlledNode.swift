public import Meshwork

extension MeshNode: ControlledNode {
  /// What `node.info` answers.
  public func nodeReport() -> NodeReport {
    let info = info()
    return NodeReport(
      peerID: info.peerID, agent: info.agent, name: info.name, listenAddresses: info.listenAddresses,
      announceAddresses: info.announceAddresses, observedAddresses: info.observedAddresses,
      reachability: info.reachability.rawValue, nat: NodeReport.NAT(info.nat),
      relays: info.relays.compactMap(NodeReport.Relay.init),
      protocols: info.protocols,
      uptimeMs: Int64(info.uptime.milliseconds))
  }

  /// What `peers.list` answers.
  public func peerReports() -> [PeerReport] {
    peers().map { peer in
      PeerReport(
        peerID: peer.peerID,
        presence: peer.isOnline ?? false ? "online" : "offline", lastSeenMs: peer.lastSeenMs,
        path: peer.path?.rawValue ?? "none",
        relayedBecause: peer.relayedBecause, addresses: peer.addresses, roundTrip: peer.roundTrip,
        agent: peer.agent)
    }
  }

  /// Connects, for `peers.connect`.
  public func connectReport(to address: Multiaddr) async throws -> ConnectReport {
    let connection = try await connect(to: address)
    return ConnectReport(
      peerID: connection.peerID, elapsed: connection.elapsed, path: connection.path.rawValue)
  }

  /// Has the events from the oldest kept on told.
  public func observeReports(_ observer: @escaping @Sendable (NumberedEvent?) -> Void) {
    observe { observer($0.map(NumberedEvent.init)) }
  }
}

extension NodeReport.NAT {
  init(_ nat: NATInfo) {
    self.init(
      mapping: nat.mapping.rawValue, preservesPort: nat.preservesPort, filtering: nat.filtering.rawValue,
      explanation: nat.explanation)
  }
}

extension NodeReport.Relay {
  /// Nil for a relay of which no address is known.
  init?(_ relay: RelayInfo) {
    guard let address = relay.address else { return nil }
    self.init(peerID: relay.peerID, address: address, state: relay.state.rawValue, expiresMs: relay.expiresMs)
  }
}

extension NumberedEvent {
  /// The event as clients see it.
  init(_ event: Event) {
    self.init(
      sequence: event.sequence, timeMs: event.timeMs, type: event.type, fields: Self.fields(of: event.payload)
    )
  }

  private static func fields(of payload: Event.Payload) -> [JSONValue.Member] {
    switch payload {
    case .ready(let peer, let addresses):
      [
        .init("peerId", .string(peer.description)),
        .init("listenAddrs", .strings(addresses.map(\.description))),
      ]
    case .listening(let address):
      [.init("addr", .string(address.description))]
    case .connectionOpened(let connection):
      fields(of: connection)
    case .connectionClosed(let connection, let reason):
      fields(of: connection) + [.init("reason", .string(reason))]
    case .identified(let peer):
      [
        .init("peerId", .string(peer.peerID.description)), .init("agent", .optional(peer.agent)),
        .init("protocols", .strings(peer.protocols)),
        .init("observedAddr", .optional(peer.observedAddress?.description)),
      ]
    case .presenceSent(let announcement):
      [.init("kind", .string(announcement.rawValue))]
    case .peerOnline(let peer, let life):
      [.init("peerId", .string(peer.description)), .init("via", .string(life.rawValue))]
    case .peerOffline(let peer, let reason, let silence):
      [
        .init("peerId", .string(peer.description)), .init("reason", .string(reason.rawValue)),
        .init("silentMs", .integer(Int64(silence.milliseconds))),
      ]
    case .messageReceived(let message):
      [.init("id", .string(message.id))] + message.members
    case .messageState(let id, let state):
      [.init("id", .string(id)), .init("state", .string(state.name))] + state.members
    case .messagesMissing(let room, let author, let missing):
      [
        .init("room", .string(room)), .init("from", .string(author.description)),
        .init("first", .integer(Int64(clamping: missing.lowerBound))),
        .init("last", .integer(Int64(clamping: missing.upperBound))),
      ]
    case .reservation(let reservation):
      [
        .init("relay", .string(reservation.relay.description)),
        .init("state", .string(reservation.state.rawValue)),
        .init("expiresMs", .optional(reservation.expiresMs)),
        .init("reason", .optional(reservation.reason)),
      ]
    case .reachability(let reachability, let addresses):
      [
        .init("value", .string(reachability.rawValue)),
        .init("addrs", .strings(addresses.map(\.description))),
      ]
    case .holePunch(let punch):
      [
        .init("peerId", .string(punch.peerID.description)), .init("attempt", .integer(Int64(punch.attempt))),
        .init("outcome", .string(punch.outcome.rawValue)), .init("transport", .string(punch.transport)),
        .init("ms", .optional(punch.elapsed.map { Int64($0.milliseconds) })),
        .init("reason", .optional(punch.reason)),
      ]
    case .drained:
      []
    case .warning(let text, let detail):
      [.init("text", .string(text)), .init("detail", .string(detail))]
    case .gap(let missed):
      [.init("missed", .integer(Int64(clamping: missed)))]
    }
  }

  private static func fields(of connection: ConnectionInfo) -> [JSONValue.Member] {
    [
      .init("peerId", .string(connection.peerID.description)),
      .init("addr", .string(connection.address.description)),
      .init("path", .string(connection.path.rawValue)),
      .init("direction", .string(connection.direction.rawValue)),
      .init("connectionId", .integer(Int64(clamping: connection.connectionID))),
    ]
  }
}
