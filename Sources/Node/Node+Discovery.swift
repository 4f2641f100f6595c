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
      case .expired(let peer): forgetCompanion(peer)
      }
    }
    let deadline = discovery?.deadline
    deadlines.set(.discovery, to: deadline)
  }
}
