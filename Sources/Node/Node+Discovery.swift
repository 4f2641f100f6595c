import Identity
package import LocalDiscovery
package import NIOCore
package import SansIO
package import Wire

// Finding peers on the links this machine is on.
extension Node {
  // MARK: Inputs

  /// Announces these listening addresses on the links they belong to, and looks for peers there. Wildcards
  /// stand for every address of an interface.
  package func discoverLocally(listeningOn addresses: [Multiaddr], at now: Instant) {
    self.now = now
    discovery?.announce(addresses, at: now)
    pumpDiscovery()
  }

  /// The interfaces there are now.
  package func interfacesChanged(_ interfaces: [Interface], at now: Instant) {
    self.now = now
    discovery?.interfaces(interfaces, at: now)
    pumpDiscovery()
  }

  /// A datagram to the mDNS group of a link.
  package func multicastReceived(
    _ packet: ByteBuffer, from sender: Endpoint, on link: Link, at now: Instant
  ) {
    self.now = now
    discovery?.receive(packet, from: sender, on: link, at: now)
    pumpDiscovery()
  }

  // MARK: What follows

  func startDiscovery() {
    guard let settings = configuration.discovery else { return }
    discovery = LocalDiscovery.Machine(
      peer: identity.peerID, configuration: settings, generator: SeededGenerator(seed: secrets.next()),
      now: now)
  }

  func advanceDiscovery() {
    discovery?.advance(to: now)
    pumpDiscovery()
  }

  func leaveLinks() {
    discovery?.leave(at: now)
    pumpDiscovery()
  }

  private func pumpDiscovery() {
    while let event = discovery?.nextEvent() {
      switch event {
      case .send(let packet, let link, let destination):
        outputs.append(.multicast(packet, on: link, to: destination))
      case .discovered(let peer, let addresses): discovered(peer, at: addresses)
      case .expired(let peer):
        neighbours[peer] = nil
        deadlines.set(.neighbour(peer), to: nil)
      }
    }
    let deadline = discovery?.deadline
    deadlines.set(.discovery, to: deadline)
  }

  /// A neighbour is somebody to be connected with. One end dials and the other waits a moment, so that there
  /// is one connection and not two.
  private func discovered(_ peer: PeerID, at addresses: [Multiaddr]) {
    neighbours[peer] = Neighbour(addresses: addresses, retryWait: configuration.timeouts.bootstrapRetryFirst)
    if identity.peerID < peer {
      approach(peer)
    } else if peerEntries[peer] == nil {
      deadlines.set(.neighbour(peer), to: now + configuration.timeouts.neighbourPatience)
    }
  }

  /// Dials a neighbour, unless so many peers are connected that it may as well come to us.
  func approach(_ peer: PeerID) {
    guard peerEntries.count < configuration.limits.neighboursMax else { return }
    keepConnected(peer, at: neighbours[peer]?.addresses ?? [])
  }

  /// A neighbour is gone or was not reached. As long as the link tells of it, it is tried again: later each
  /// time, and spread so that a link that was down does not fill with everybody's dials at once.
  func neighbourLost(_ peer: PeerID) {
    guard phase == .running, let wait = neighbours[peer]?.retryWait else { return }
    neighbours[peer]?.retryWait = min(wait * 2, configuration.timeouts.bootstrapRetryLast)
    deadlines.set(.neighbour(peer), to: now + wait + generator.duration(upTo: wait))
  }
}

/// A peer that a link tells of. As many as the machine keeps.
struct Neighbour {
  let addresses: [Multiaddr]
  /// Before the next attempt; doubles until one succeeds.
  var retryWait: Duration
}
