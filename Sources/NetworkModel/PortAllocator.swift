/// Which external ports are free, and which one is next.
struct PortAllocator: Sendable {
  private let ports: NAT.Ports
  private let pooling: NAT.Pooling
  private let externals: Int
  private let seed: UInt64
  /// By external address and kind.
  private var used: [PortSet]
  private var next: [UInt16]
  /// By internal address; and the hosts they belong to, by block.
  private var blocks: [UInt32: Int] = [:]
  private var owners: [UInt32?]
  private var nextBlock = 0

  init(_ behavior: NAT.Behavior, externals: Int, seed: UInt64) {
    ports = behavior.ports
    pooling = behavior.pooling
    self.externals = externals
    self.seed = seed
    used = Array(repeating: PortSet(), count: externals * 3)
    // A sequence begins somewhere, not always at the first.
    let range = behavior.ports.range
    let span = UInt64(range.upperBound - range.lowerBound) + 1
    next = (0..<externals * 3).map { index in
      range.lowerBound + UInt16(Draw.mix(seed, UInt64(index)).scaled(below: span))
    }
    owners = Array(repeating: nil, count: externals * Self.blocksPerAddress(behavior.ports))
  }

  private static func blocksPerAddress(_ ports: NAT.Ports) -> Int {
    guard let size = ports.block else { return 0 }
    return ports.range.count / max(1, size)
  }

  /// Where the mapping of an internal host may be: the external address, by its position, and the ports.
  mutating func place(_ local: UInt64, flow: UInt64) -> (external: Int, range: ClosedRange<UInt16>)? {
    let host = UInt32(truncatingIfNeeded: local >> 16)
    if let size = ports.block { return block(of: host, size: size) }
    let key = pooling == .paired ? UInt64(host) : flow
    let external = externals == 1 ? 0 : Int(Draw.mix(seed ^ 0xADD2, key).scaled(below: UInt64(externals)))
    return (external, ports.range)
  }

  private mutating func block(of host: UInt32, size: Int) -> (external: Int, range: ClosedRange<UInt16>)? {
    guard !owners.isEmpty, let index = blocks[host] ?? freeBlock(for: host) else { return nil }
    blocks[host] = index
    owners[index] = host
    let perAddress = Self.blocksPerAddress(ports)
    let first = Int(ports.range.lowerBound) + index % perAddress * size
    return (index / perAddress, UInt16(first)...UInt16(first + size - 1))
  }

  private mutating func freeBlock(for host: UInt32) -> Int? {
    let start =
      ports.order == .random
      ? Int(Draw.mix(seed ^ 0xB10C, UInt64(host)).scaled(below: UInt64(owners.count))) : nextBlock
    for step in owners.indices where owners[(start + step) % owners.count] == nil {
      let index = (start + step) % owners.count
      nextBlock = (index + 1) % owners.count
      return index
    }
    return nil
  }

  /// Takes their blocks from all other hosts.
  mutating func keepBlocks(of hosts: Set<UInt32>) {
    blocks = blocks.filter { hosts.contains($0.key) }
    for index in owners.indices {
      if let owner = owners[index], !hosts.contains(owner) { owners[index] = nil }
    }
  }

  func isFree(_ kind: NAT.Kind, _ external: Int, _ port: UInt16) -> Bool {
    !used[slot(kind, external)].contains(port)
  }

  /// A free port by the order that is configured.
  mutating func search(
    _ kind: NAT.Kind, _ external: Int, in range: ClosedRange<UInt16>, parity: UInt16?, flow: UInt64
  ) -> UInt16? {
    let index = slot(kind, external)
    let set = used[index]
    switch ports.order {
    case .sequential:
      guard let port = set.firstFree(from: next[index], in: range, parity: parity) else { return nil }
      next[index] = port < ports.range.upperBound ? port + 1 : ports.range.lowerBound
      return port
    case .random:
      let span = UInt64(range.upperBound - range.lowerBound) + 1
      var port = range.lowerBound
      for attempt in 0..<UInt64(8) {
        port = range.lowerBound + UInt16(Draw.mix(seed ^ flow, attempt).scaled(below: span))
        if let parity, port & 1 != parity & 1 { port ^= 1 }
        if range.contains(port), !set.contains(port) { return port }
      }
      return set.firstFree(from: port, in: range, parity: parity)
    }
  }

  mutating func take(_ kind: NAT.Kind, _ endpoint: UInt64, in addresses: [Address]) {
    guard let index = slot(kind, endpoint, in: addresses) else { return }
    used[index].insert(UInt16(truncatingIfNeeded: endpoint))
  }

  mutating func release(_ kind: NAT.Kind, _ endpoint: UInt64, in addresses: [Address]) {
    guard let index = slot(kind, endpoint, in: addresses) else { return }
    used[index].remove(UInt16(truncatingIfNeeded: endpoint))
  }

  private func slot(_ kind: NAT.Kind, _ endpoint: UInt64, in addresses: [Address]) -> Int? {
    addresses.firstIndex(of: Endpoint(packed: endpoint).address).map { slot(kind, $0) }
  }

  private func slot(_ kind: NAT.Kind, _ external: Int) -> Int { external * 3 + Int(kind.rawValue) }
}

extension NAT {
  /// An external endpoint for a new mapping; nil when none is free.
  mutating func allocate(
    _ kind: Kind, _ local: UInt64, _ remote: UInt64, flow: UInt64, at now: UInt64
  ) -> UInt64? {
    if let found = choose(kind, local, remote, flow: flow, at: now) { return found }
    // Perhaps what has expired holds the last port. Not for every packet of a flood.
    guard sweepAt > now, sweepAt - now < 9_000_000_000 else { return nil }
    sweep(at: now)
    return choose(kind, local, remote, flow: flow, at: now)
  }

  private mutating func choose(
    _ kind: Kind, _ local: UInt64, _ remote: UInt64, flow: UInt64, at now: UInt64
  ) -> UInt64? {
    guard let place = allocator.place(local, flow: flow) else { return nil }
    let port = UInt16(truncatingIfNeeded: local)
    let address = UInt64(externals[place.external].v4) << 16
    if behavior.ports.contiguity,
      let after = portAfterSibling(kind, local, remote, address, place.range, at: now)
    {
      return address | UInt64(after)
    }
    if behavior.ports.preservation != .none, place.range.contains(port) {
      let wanted = address | UInt64(port)
      if isAvailable(kind, wanted, place.external, port, at: now) { return wanted }
      if behavior.ports.preservation == .overloading, !isTaken(kind, wanted, by: remote, at: now) {
        return wanted
      }
    }
    let parity = behavior.ports.parity ? port : nil
    return allocator.search(kind, place.external, in: place.range, parity: parity, flow: flow)
      .map { address | UInt64($0) }
  }

  /// Free, or held by a mapping that has expired, which then goes.
  private mutating func isAvailable(
    _ kind: Kind, _ endpoint: UInt64, _ external: Int, _ port: UInt16, at now: UInt64
  ) -> Bool {
    if allocator.isFree(kind, external, port) { return true }
    while let holder = byExternal[kind.rawValue << 48 | endpoint] {
      if now < mappings[Int(holder)].expiresAt { return false }
      remove(mapping: holder)
    }
    return allocator.isFree(kind, external, port)
  }

  private mutating func portAfterSibling(
    _ kind: Kind, _ local: UInt64, _ remote: UInt64, _ address: UInt64, _ range: ClosedRange<UInt16>,
    at now: UInt64
  ) -> UInt16? {
    guard local & 1 == 1,
      let sibling = byInternal[Key(kind, local - 1, behavior.mapping.part(of: remote))],
      now < mappings[Int(sibling)].expiresAt, mappings[Int(sibling)].external & ~0xFFFF == address
    else { return nil }
    let (port, overflow) = UInt16(truncatingIfNeeded: mappings[Int(sibling)].external)
      .addingReportingOverflow(1)
    guard !overflow, range.contains(port), byExternal[kind.rawValue << 48 | address | UInt64(port)] == nil
    else { return nil }
    return port
  }
}
