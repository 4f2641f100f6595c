package import CircuitRelay
import Connection
import Identity
import NIOCore
package import SansIO
import Wire

// Being a relay: the service's words carried to streams, and back.
extension Node {
  // MARK: Commands

  /// Takes no more reservations and circuits, and lets go of those there are one by one; `.drained` follows.
  package func drain(over period: Duration, at now: Instant) {
    self.now = now
    relayService?.drain(over: period, at: now)
    pumpRelayService()
  }

  // MARK: Queries

  /// Nil for a node that is no relay.
  package var relaying: RelayingSummary? {
    relayService.map { service in
      RelayingSummary(
        reservations: service.reservationCount, circuits: service.circuitCount,
        heldBytes: service.heldByteCount, isDraining: service.isDraining, counters: service.counters)
    }
  }

  // MARK: What follows

  func relayServiceReceived(_ bytes: ByteBuffer, on handle: StreamHandle) {
    var bytes = bytes
    let nowMs = nowMs
    relayService?.receive(&bytes, from: handle, nowMs: nowMs, at: now)
    pumpRelayService()
  }

  func advanceRelayService() {
    relayService?.advance(to: now)
    pumpRelayService()
  }

  /// The addresses a client is told: those that lead to us from elsewhere.
  func announceRelay() {
    relayService?.announce(configuration.announce + observations.agreed)
  }

  func pumpRelayService() {
    guard relayService != nil else { return }
    while true {
      while let event = relayService?.nextEvent() { handle(event) }
      guard let stream = relayService?.nextStreamWithOutbound() else { break }
      feed(stream)
    }
    deadlines.set(.relayService, to: relayService?.deadline)
  }

  /// Gives a stream its turn. One without room is remembered by the stream, whose `.writable` comes later.
  private func feed(_ handle: StreamHandle) {
    guard let entry = entries[handle.connection], !entry.isClosing else { return }
    let stream = Connection.StreamID(number: handle.stream)
    let room = entry.connection.writableBytes(stream)
    guard room > 0, let chunk = relayService?.nextChunk(for: handle, maxBytes: room, at: now) else { return }
    try? entry.connection.write(chunk, to: stream)
    settle(entry)
  }

  private func handle(_ event: CircuitRelay.Service.Event) {
    switch event {
    case .openStop(let open, let connection): openStop(open, on: connection)
    case .consumed(let count, let handle): consumeStream(count, on: handle)
    case .finish(let handle): finishStream(handle)
    case .reset(let handle): resetStream(handle)
    case .release(let peer): release(peer)
    case .drained: outputs.append(.event(.drained))
    case .reserved, .reservationEnded, .circuitOpened, .circuitClosed: break
    }
  }

  private func openStop(_ open: OpenID, on connection: ConnectionID) {
    openShared(.relayStop, for: .relayService, on: entries[connection]) { stream in
      if let stream {
        relayService?.opened(open, as: stream, at: now)
      } else {
        relayService?.openFailed(open, at: now)
      }
    }
  }

  private func release(_ peer: PeerID) {
    for id in peerEntries[peer]?.connections ?? [] {
      if let entry = entries[id], !entry.isRelayed { drop(entry, .closed("the relay is leaving")) }
    }
  }
}

/// What a relay carries now.
package struct RelayingSummary: Sendable {
  package let reservations: Int
  package let circuits: Int
  /// Bytes of circuits that wait for a reader.
  package let heldBytes: Int
  package let isDraining: Bool
  package let counters: ServiceCounters
}
