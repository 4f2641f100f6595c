import Connection
package import DCUtR
import Identify
package import Identity
import NIOCore
import SansIO
import Wire

// From relayed to direct: the upgrade machine's words carried to streams and dials, and back.
extension Node {
  func startUpgrades() {
    guard let settings = configuration.upgrade else { return }
    upgrader = DCUtR.Machine(
      own: identity.peerID, configuration: settings, generator: SeededGenerator(seed: secrets.next()),
      now: now)
  }

  // MARK: Queries

  /// How it stands with reaching a peer directly; nil for one that has no relayed connection.
  package func upgrade(of peer: PeerID) -> DCUtR.Summary? { upgrader?.summary(of: peer) }

  // MARK: Connections

  func upgradeConnected(_ entry: ConnectionEntry, with peer: PeerID) {
    guard upgrader != nil else { return }
    if entry.isRelayed {
      upgrader?.relayedOpened(entry.id, to: peer, isInbound: entry.direction == .inbound, at: now)
    } else if let punch = entry.punch {
      entry.punch = nil
      upgrader?.punched(punch.attempt, as: entry.connection.role, at: now)
      endPunch(punch.attempt, except: entry.id)
    } else {
      upgrader?.directConnected(peer, at: now)
    }
    pumpUpgrades()
  }

  func upgradeDisconnected(_ entry: ConnectionEntry, from peer: PeerID) {
    if entry.isRelayed {
      upgrader?.relayedClosed(entry.id, to: peer, at: now)
    } else if directConnection(to: peer) == nil {
      upgrader?.directLost(peer, at: now)
    }
    pumpUpgrades()
  }

  func describedForUpgrade(_ peer: PeerID) {
    guard let description = peerEntries[peer]?.description else { return }
    upgrader?.peerDescribed(
      peer, speaksDCUtR: description.protocols.contains(.dcutr), addresses: description.listenAddrs, at: now)
    pumpUpgrades()
  }

  // MARK: Streams

  func acceptUpgrade(_ stream: Connection.StreamID, of peer: PeerID, on entry: ConnectionEntry) {
    entry.streams[stream] = .upgrade
    upgrader?.streamOpened(entry.handle(stream), by: peer, at: now)
    pumpUpgrades()
  }

  func upgradeReceived(_ bytes: ByteBuffer, on handle: StreamHandle) {
    var bytes = bytes
    upgrader?.receive(&bytes, from: handle, at: now)
    pumpUpgrades()
  }

  // MARK: What follows

  func advanceUpgrades() {
    upgrader?.advance(to: now)
    pumpUpgrades()
  }

  func pumpUpgrades() {
    guard upgrader != nil else { return }
    while let event = upgrader?.nextEvent() { handle(event) }
    deadlines.set(.upgrade, to: upgrader?.deadline)
  }

  private func handle(_ event: DCUtR.Machine.Event) {
    switch event {
    case .openStream(let open, let connection): openUpgrade(open, on: connection)
    case .write(let bytes, let handle): writeStream(bytes, on: handle)
    case .consumed(let count, let handle): consumeStream(count, on: handle)
    case .finish(let handle): finishStream(handle)
    case .reset(let handle): resetStream(handle)
    case .dial(let attempt, let peer, let addresses): dial(peer, at: addresses, for: attempt)
    case .punch(let punch): begin(punch)
    case .abandon(let attempt): endPunch(attempt, except: nil)
    case .outcome(let outcome): outputs.append(.event(.upgrade(outcome)))
    }
  }

  private func openUpgrade(_ open: OpenID, on connection: ConnectionID) {
    openShared(.dcutr, for: .upgrade, on: entries[connection]) { stream in
      if let stream {
        upgrader?.opened(open, as: stream, at: now)
      } else {
        upgrader?.openFailed(open, isUnsupported: false, at: now)
      }
    }
  }
}
