package import LocalDiscovery
package import NIOCore
import Node
import Wire

/// Local discovery: the machine is the node's, the sockets are here.
extension NodeShell {
  func startDiscovery() {
    guard case .running = phase, node.configuration.discovery != nil else { return }
    let sockets = MulticastSockets(loop: loop, client: self)
    multicast = sockets
    sockets.start()
    let bound = listeners.map(\.bound).compactMap(Multiaddr.init(tcp:))
    turn { node, now in node.discoverLocally(listeningOn: bound, at: now) }
  }

  /// After the node has said goodbye on every link.
  func stopDiscovery() {
    guard let multicast else { return }
    self.multicast = nil
    openSockets += 1
    multicast.close().assumeIsolated().whenComplete { _ in self.socketClosed() }
  }
}

extension NodeShell: MulticastSocketsClient {
  package func interfacesChanged(_ interfaces: [Interface]) {
    followInterfaces()
    turn { node, now in node.interfacesChanged(interfaces, at: now) }
  }

  package func received(_ packet: ByteBuffer, from sender: Endpoint, on link: Link) {
    turn { node, now in node.multicastReceived(packet, from: sender, on: link, at: now) }
  }

  package func warned(_ text: String, detail: String) { warn(text, detail) }

  /// A listener on every address is reached at other ones now; whoever is connected is told.
  func followInterfaces() {
    for index in listeners.indices {
      let addresses = Interfaces.expand(listeners[index].bound).compactMap(Multiaddr.init(tcp:))
      let before = listeners[index].addresses
      guard addresses != before else { continue }
      listeners[index].addresses = addresses
      for address in before where !addresses.contains(address) {
        turn { node, now in node.stoppedListening(on: address, at: now) }
      }
      for address in addresses where !before.contains(address) {
        turn { node, now in node.listening(on: address, at: now) }
      }
    }
  }
}
