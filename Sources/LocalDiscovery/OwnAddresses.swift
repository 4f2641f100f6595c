import Identity
import Wire

/// Which of our addresses make sense on which interface.
///
/// An address that stands for all of the machine's, `/ip4/0.0.0.0/tcp/4001`, becomes one for each address of
/// the interface; a certain one is told where it belongs. So others are never told what is of another link,
/// and an interface that appears later has addresses without anybody listening anew.
struct OwnAddresses: Sendable {
  var addresses: [Multiaddr] = []

  /// What to announce on an interface, the one to be tried first first.
  func announced(on interface: Interface) -> [Multiaddr] {
    var announced: [Multiaddr] = []
    for address in addresses {
      for local in locals(of: address, on: interface) where !announced.contains(local) {
        announced.append(local)
      }
    }
    // The zone of a link-local address is the receiver's to know, and few do: only where nothing else helps.
    let lasting = announced.filter { !$0.isLinkLocal6 }
    let chosen = lasting.isEmpty ? announced : lasting
    return chosen.filter { $0.host?.ip?.family == .ip4 } + chosen.filter { $0.host?.ip?.family == .ip6 }
  }

  private func locals(of address: Multiaddr, on interface: Interface) -> [Multiaddr] {
    guard !address.isCircuit, let address = address.withoutPeer, let ip = address.host?.ip else { return [] }
    if ip.reach == .unspecified {
      return interface.addresses.map(\.ip).filter { $0.family == ip.family }
        .compactMap { address.replacing(host: $0) }
    }
    guard interface.has(ip) else { return [] }
    // Whatever zone it has is ours alone.
    return address.replacing(host: ip).map { [$0] } ?? []
  }
}

extension Multiaddr {
  /// The same at another host, told without a zone. Nil when the address does not begin with a number.
  func replacing(host ip: IPAddress) -> Multiaddr? {
    var rest = components[...]
    if case .ip6zone = rest.first { rest = rest.dropFirst() }
    switch rest.popFirst() {
    case .ip4, .ip6: return try? Multiaddr([.init(ip)] + rest)
    default: return nil
    }
  }

  fileprivate var isLinkLocal6: Bool {
    guard case .v6(let ip) = host?.ip else { return false }
    return IPAddress.v6(ip).reach == .linkLocal
  }
}
