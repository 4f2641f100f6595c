public import Identity
import Node
import Runtime
import SansIO
public import Wire

/// What a node can be asked to do.
///
/// All of it throws ``MeshError`` when it fails and `CancellationError` when the task is cancelled.
extension MeshNode {
  /// Connects to the peer at an address. One that ends in `/p2p/…` must prove that identity; otherwise
  /// whoever is there is taken. Returns the connection there is already, if there is one.
  ///
  /// Cancelling stops the wait, not the attempt: a connection may still come of it.
  public func connect(to address: Multiaddr) async throws -> ConnectionInfo {
    switch try await answer(to: { $0.connect(to: address, at: $1) }) {
    case .connected(let connection): return ConnectionInfo(connection)
    case let other: unexpected(other)
    }
  }

  /// Closes every connection to a peer.
  public func disconnect(_ peer: PeerID) async throws {
    switch try await answer(to: { $0.disconnect(peer, at: $1) }) {
    case .disconnected: return
    case let other: unexpected(other)
    }
  }

  /// Round trips to a peer, one after the other (`/ipfs/ping/1.0.0`).
  public func ping(_ peer: PeerID, count: Int = 1) async throws -> [Duration] {
    switch try await answer(to: { $0.ping(peer, count: count, at: $1) }) {
    case .pinged(let roundTrips): return roundTrips
    case let other: unexpected(other)
    }
  }

  /// What a peer says of itself; waits until it has said it (`/ipfs/id/1.0.0`).
  public func identify(_ peer: PeerID) async throws -> PeerInfo {
    switch try await answer(to: { $0.identify(peer, at: $1) }) {
    case .identified(let peer): return PeerInfo(peer)
    case let other: unexpected(other)
    }
  }

  /// Measures throughput: sends `upload` bytes, then receives `download` (`/perf/1.0.0`, or `/gopeer/bench/1`
  /// with a peer that has only that). The peer must serve it.
  public func perf(_ peer: PeerID, upload: UInt64, download: UInt64) async throws -> PerfResult {
    switch try await answer(to: { $0.perf(peer, upload: upload, download: download, at: $1) }) {
    case .measured(let result): return PerfResult(result)
    case let other: unexpected(other)
    }
  }

  /// Says on the chat topic, now, that this node is there. Only with a ``Configuration/messenger``.
  public func refresh() {
    shell.turn { $0.refreshPresence(at: $1) }
  }

  /// As a relay: takes nobody new, sends clients away one by one so that they move on without a stampede, and
  /// returns when nothing is relayed any more. At once for a node that is no relay.
  public func drain(over period: Duration) async {
    guard configuration.relaying != nil else { return }
    let events = events(after: switchboard.lastEvent)
    shell.turn { $0.drain(over: period, at: $1) }
    for await event in events { if case .drained = event.payload { return } }
  }

  private func unexpected(_ answer: Node.Answer) -> Never {
    preconditionFailure("the node answered another question: \(answer)")
  }
}
