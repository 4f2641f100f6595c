import NIOCore
import Wire

/// The addresses of this machine's interfaces.
enum Interfaces {
  /// What a listener bound to `address` is reached at: itself, or for a wildcard every address of its family,
  /// those of other machines' interest first, loopback last. Link-local IPv6 addresses are left out: their
  /// zone means nothing to anyone else.
  static func expand(_ address: SocketAddress) -> [SocketAddress] {
    guard address.isWildcard, let port = address.port else { return [address] }
    var found: [SocketAddress] = []
    for device in (try? System.enumerateDevices()) ?? [] {
      guard let candidate = device.address, candidate.isIP6 == address.isIP6, let ip = candidate.ip,
        !(candidate.isIP6 && ip.reach == .linkLocal)
      else { continue }
      let concrete = candidate.withPort(port)
      if !found.contains(concrete) { found.append(concrete) }
    }
    let reachable = found.filter { !$0.isLoopback } + found.filter(\.isLoopback)
    return reachable.isEmpty ? [address] : reachable
  }

  /// All of them.
  static var addresses: Set<IPAddress> {
    Set(((try? System.enumerateDevices()) ?? []).compactMap { $0.address?.ip })
  }

  /// Whether an IP address is one of this machine's.
  static func includes(_ address: SocketAddress) -> Bool {
    address.isLoopback || ((try? System.enumerateDevices()) ?? []).contains { $0.address?.ip == address.ip }
  }
}
