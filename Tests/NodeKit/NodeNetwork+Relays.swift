import CircuitRelay
package import Node
package import Wire

/// Who is found in networks with relays.
extension NodeNetwork {
  /// A relay without limits of its circuits, which passes gossip on.
  @discardableResult
  package func addRelay(
    ip: IPAddress? = nil, _ configure: (inout Node.Configuration) -> Void = { _ in }
  ) -> Host {
    add(ip: ip) {
      $0.relayService = ServiceConfiguration()
      $0.gossip = .forMessengers
      $0.forwardsGossip = true
      configure(&$0)
    }
  }

  /// A messenger that uses these relays.
  /// - Parameters:
  ///   - router: what stands before it.
  ///   - isListening: whether anybody can dial it at all.
  package func addMessenger(
    using relays: [Host], behind router: Router? = nil, isListening: Bool = true,
    _ configure: (inout Node.Configuration) -> Void = { _ in }
  ) -> Host {
    let host = add {
      $0.beMessenger()
      $0.relays = relays.map(\.fullAddress)
      configure(&$0)
    }
    host.router = router
    host.isListening = isListening
    return host
  }
}
