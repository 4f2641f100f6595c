import Wire

/// Where a connection comes from, as far as limits are counted by it. Nothing is counted for loopback and for
/// transports without an IP address.
struct Origin: Hashable, Sendable {
  var host: AddressPrefix?
  var network: AddressPrefix?

  init(_ remote: Multiaddr) {
    host = remote.hostPrefix
    network = remote.networkPrefix
  }
}

/// How many things there are of each key. Keys without any take no room.
struct Tally<Key: Hashable & Sendable>: Sendable {
  private var counts: [Key: Int] = [:]

  subscript(_ key: Key?) -> Int { key.flatMap { counts[$0] } ?? 0 }

  mutating func add(_ key: Key?) {
    if let key { counts[key, default: 0] += 1 }
  }

  mutating func remove(_ key: Key?) {
    guard let key, let count = counts[key] else { return }
    counts[key] = count > 1 ? count - 1 : nil
  }
}
