import NetworkModel

extension UDPProber {
  /// Which external ports internal ones become.
  ///
  /// The same twelve ports on three hosts. The first host shows whether they are preserved; the second must
  /// get others, because it speaks to the same endpoint; the third speaks to another one, and shares them
  /// only if they are overloaded. Even ports come before odd ones, so that neither parity nor contiguity can
  /// come from allocation in sequence.
  mutating func measurePorts() throws(Here.Failure) {
    let even = (0..<6).map { UInt16(41_000 + 2 * $0) }
    let ports = even + even.map { $0 + 1 }
    let first = try observe(ports, ofHost: 1, Spot(0, 4))
    let second = try observe(ports, ofHost: 2, Spot(0, 4))
    let third = try observe(ports, ofHost: 3, Spot(1, 5))
    profile[.coverage] = first.count == ports.count ? "all" : "not all"
    guard first.count >= Self.enough else { return }
    if Set(first.map(\.external.address)).count > 1 { profile[.pooling] = "arbitrary" }

    let isShared = first.contains { third.contains($0) }
    let preservation: NAT.Ports.Preservation =
      !first.allSatisfy(\.isPreserved) ? .none : isShared ? .overloading : .preserving
    profile[.ports] = preservation.words
    // The second host keeps its ports too where it has another external address.
    let allocated = preservation == .none ? first : second.filter { !$0.isPreserved }
    guard allocated.count >= Self.enough else { return }
    profile[.order] = isInSequence(allocated.filter(\.isEven)) ? "sequential" : "random"
    profile[.parity] = allocated.allSatisfy { ($0.external.port ^ $0.local) & 1 == 0 } ? "kept" : "not kept"
    profile[.contiguity] = areContiguous(allocated) ? "kept" : "not kept"
  }

  /// Of twelve ports; so many show no pattern by chance.
  private static var enough: Int { 9 }

  private mutating func observe(
    _ ports: [UInt16], ofHost host: Int, _ spot: Spot
  ) throws(Here.Failure) -> [PortPair] {
    var pairs: [(Endpoint, Spot)] = []
    for port in ports { pairs.append((try socket(ofHost: host, port: port), spot)) }
    let observed = try observe(pairs)
    for (local, _) in pairs { here.close(local) }
    return zip(ports, observed).compactMap { port, external in
      external.map { PortPair(local: port, external: $0) }
    }
  }

  /// Each a little above the one before, on its own external address.
  private func isInSequence(_ pairs: [PortPair]) -> Bool {
    var last: [Address: UInt16] = [:]
    var isFollowed = false
    for pair in pairs {
      if let before = last[pair.external.address] {
        // By two where parity is kept.
        guard (1...3).contains(pair.external.port &- before) else { return false }
        isFollowed = true
      }
      last[pair.external.address] = pair.external.port
    }
    return isFollowed
  }

  private func areContiguous(_ pairs: [PortPair]) -> Bool {
    let external = Dictionary(pairs.map { ($0.local, $0.external) }, uniquingKeysWith: { first, _ in first })
    let siblings = pairs.filter(\.isEven).compactMap { pair in
      external[pair.local + 1].map { (pair.external, $0) }
    }
    return siblings.allSatisfy { $0.1.address == $0.0.address && $0.1.port == $0.0.port &+ 1 }
  }
}

private struct PortPair: Equatable {
  let local: UInt16
  let external: Endpoint

  var isPreserved: Bool { external.port == local }
  var isEven: Bool { local.isMultiple(of: 2) }
}
