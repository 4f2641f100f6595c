import SansIO

extension NAT {
  /// What a NAT translates.
  enum Kind: UInt64, Sendable {
    case udp
    case tcp
    case icmp

    init?(_ transport: Transport) {
      switch transport {
      case .udp: self = .udp
      case .tcp: self = .tcp
      case .icmp: self = .icmp
      default: return nil
      }
    }

    /// Of ICMP only echo has sessions.
    init?(_ packet: borrowing Packet) {
      self.init(packet.transport)
      if self == .icmp, !packet.isEchoRequest, !packet.isEchoReply { return nil }
    }
  }

  /// A kind and two packed endpoints.
  struct Key: Hashable, Sendable {
    let near: UInt64
    let far: UInt64

    init(_ kind: Kind, _ near: UInt64, _ far: UInt64) {
      self.near = kind.rawValue << 48 | near
      self.far = far
    }

    func hash(into hasher: inout Hasher) { hasher.combine(near &* 0x9E37_79B9_7F4A_7C15 ^ far) }
  }

  struct Mapping: Sendable {
    let kind: Kind
    let local: UInt64
    let external: UInt64
    /// Its place in `byInternal`; nil for one made for a single session that could not share.
    let key: Key?
    /// An absolute lifetime's end.
    let endsAt: UInt64
    var expiresAt: UInt64 = 0
    var firstSession: Int32 = -1
    /// The next older mapping with the same external endpoint.
    var older: Int32 = -1
    var isFree = false
  }

  struct Session: Sendable {
    var mapping: Int32
    let remote: UInt64
    /// Opened from inside: what filters ask for.
    var isWanted: Bool
    var isReplied = false
    var phase: TCPPhase = []
    var expiresAt: UInt64
    var next: Int32 = -1
    var previous: Int32 = -1
    var isFree = false
  }

  struct LifetimesInNanoseconds: Sendable {
    let udp, udpUnreplied, tcpTransitory, tcpEstablished, icmp: UInt64
    let absolute: UInt64?

    init(_ lifetimes: Lifetimes) {
      udp = lifetimes.udp.nanosecondsOrZero
      udpUnreplied = (lifetimes.udpUnreplied ?? lifetimes.udp).nanosecondsOrZero
      tcpTransitory = lifetimes.tcpTransitory.nanosecondsOrZero
      tcpEstablished = lifetimes.tcpEstablished.nanosecondsOrZero
      icmp = lifetimes.icmp.nanosecondsOrZero
      absolute = lifetimes.absolute?.nanosecondsOrZero
    }
  }

  enum Found {
    case success(Int32)
    case failure(Rule)
  }

  // MARK: Finding

  func isLive(_ session: Int32, at now: UInt64) -> Bool { now < sessions[Int(session)].expiresAt }

  private func isLiveMapping(_ mapping: Int32, at now: UInt64) -> Bool {
    now < mappings[Int(mapping)].expiresAt
  }

  /// The session of an outbound packet, made if there is none.
  mutating func session(
    _ kind: Kind, from local: UInt64, to remote: UInt64, _ packet: borrowing Packet, flow: UInt64,
    at now: UInt64
  ) -> Found {
    if let index = outbound[Key(kind, local, remote)] {
      if isLive(index, at: now) { return .success(index) }
      remove(session: index)
    }
    // An answer to nothing that came in.
    if kind == .icmp, packet.isEchoReply { return .failure(.unknownFlow) }
    if let rule = makeRoom(at: now) { return .failure(rule) }
    switch mapping(kind, of: local, towards: remote, flow: flow, at: now) {
    case .failure(let rule): return .failure(rule)
    case .success(let mapping): return .success(open(mapping, remote, isWanted: true, at: now))
    }
  }

  /// The session of an inbound packet, made if the filter lets a new one in.
  mutating func session(
    _ kind: Kind, to external: UInt64, from remote: UInt64, _ packet: borrowing Packet, at now: UInt64
  ) -> Found {
    if let index = inbound[Key(kind, external, remote)] {
      if isLive(index, at: now) { return .success(index) }
      remove(session: index)
    }
    // A segment in the middle of a connection opens nothing.
    let mayOpen = kind != .tcp || packet.tcpFlags.contains(.syn) && !packet.tcpFlags.contains(.ack)
    var candidate = mayOpen ? byExternal[kind.rawValue << 48 | external] : nil
    while let mapping = candidate {
      if isLiveMapping(mapping, at: now), admits(mapping, remote, at: now) {
        if let rule = makeRoom(at: now) { return .failure(rule) }
        return .success(open(mapping, remote, isWanted: false, at: now))
      }
      candidate = mappings[Int(mapping)].older
      if candidate == -1 { candidate = nil }
    }
    switch behavior.unsolicited {
    case .drop: return .failure(.unsolicited)
    case .reject: return .failure(.rejected)
    case .reset: return .failure(kind == .tcp ? .reset : .unsolicited)
    }
  }

  /// The filter, for a remote endpoint without a session: RFC 4787, section 5.
  private func admits(_ mapping: Int32, _ remote: UInt64, at now: UInt64) -> Bool {
    switch behavior.filtering {
    case .endpointIndependent: return true
    case .addressAndPortDependent: return false
    case .addressDependent:
      var cursor = mappings[Int(mapping)].firstSession
      while cursor >= 0 {
        let session = sessions[Int(cursor)]
        if session.isWanted, session.remote >> 16 == remote >> 16, now < session.expiresAt { return true }
        cursor = session.next
      }
      return false
    }
  }

  /// The mapping of an internal endpoint towards a remote one, made if there is none.
  private mutating func mapping(
    _ kind: Kind, of local: UInt64, towards remote: UInt64, flow: UInt64, at now: UInt64
  ) -> Found {
    var key: Key? = Key(kind, local, behavior.mapping.part(of: remote))
    if let key, let index = byInternal[key] {
      if !isLiveMapping(index, at: now) {
        remove(mapping: index)
      } else if !isTaken(kind, mappings[Int(index)].external, by: remote, at: now) {
        return .success(index)
      }
    }
    // Two overloaded mappings towards one remote endpoint: the later gets a port of its own, for this alone.
    if let taken = key, byInternal[taken] != nil { key = nil }
    guard let external = allocate(kind, local, remote, flow: flow, at: now) else {
      return .failure(.portsExhausted)
    }
    let endsAt = lifetimes.absolute.map { now.saturatingAdd($0) } ?? .max
    var mapping = Mapping(kind: kind, local: local, external: external, key: key, endsAt: endsAt)
    let externalKey = kind.rawValue << 48 | external
    mapping.older = byExternal[externalKey] ?? -1
    let index: Int32
    if let free = freeMappings.popLast() {
      index = free
      mappings[Int(index)] = mapping
    } else {
      index = Int32(mappings.count)
      mappings.append(mapping)
    }
    byExternal[externalKey] = index
    if let key { byInternal[key] = index }
    allocator.take(kind, external, in: externals)
    return .success(index)
  }

  /// Whether a session from this external endpoint to this remote one belongs to somebody.
  mutating func isTaken(_ kind: Kind, _ external: UInt64, by remote: UInt64, at now: UInt64) -> Bool {
    guard let index = inbound[Key(kind, external, remote)] else { return false }
    if isLive(index, at: now) { return true }
    remove(session: index)
    return false
  }

  // MARK: Making

  private mutating func open(_ mapping: Int32, _ remote: UInt64, isWanted: Bool, at now: UInt64) -> Int32 {
    let owner = mappings[Int(mapping)]
    // TCP sets its own timer with the packet that opens; others may have to live with the mapping's.
    var session = Session(
      mapping: mapping, remote: remote, isWanted: isWanted,
      expiresAt: owner.kind == .tcp ? 0 : owner.expiresAt)
    session.next = owner.firstSession
    let index: Int32
    if let free = freeSessions.popLast() {
      index = free
      sessions[Int(index)] = session
    } else {
      index = Int32(sessions.count)
      sessions.append(session)
    }
    if owner.firstSession >= 0 { sessions[Int(owner.firstSession)].previous = index }
    mappings[Int(mapping)].firstSession = index
    inbound[Key(owner.kind, owner.external, remote)] = index
    let outKey = Key(owner.kind, owner.local, remote)
    // What the host itself has opened towards this endpoint stays as it is.
    if outbound[outKey].map({ !isLive($0, at: now) }) ?? true { outbound[outKey] = index }
    return index
  }

  /// A packet of a session has passed.
  mutating func refresh(_ index: Int32, _ flags: TCPFlags, isOutbound: Bool, at now: UInt64) {
    let slot = Int(index)
    let owner = Int(sessions[slot].mapping)
    if isOutbound { sessions[slot].isWanted = true } else { sessions[slot].isReplied = true }
    let lifetime: UInt64
    switch mappings[owner].kind {
    case .tcp:
      sessions[slot].phase.see(flags, isOutbound: isOutbound)
      lifetime = sessions[slot].phase.isTransitory ? lifetimes.tcpTransitory : lifetimes.tcpEstablished
    case .udp, .icmp:
      let counts = behavior.refresh == .both || (behavior.refresh == .outbound) == isOutbound
      // A mapping that was just made has to begin with some lifetime, whichever packets count.
      guard counts || mappings[owner].expiresAt == 0 else { return }
      lifetime =
        mappings[owner].kind == .icmp
        ? lifetimes.icmp : sessions[slot].isReplied ? lifetimes.udp : lifetimes.udpUnreplied
    }
    let expiresAt = min(now.saturatingAdd(lifetime), mappings[owner].endsAt)
    let isShorter = expiresAt < sessions[slot].expiresAt
    sessions[slot].expiresAt = expiresAt
    if isShorter {
      mappings[owner].expiresAt = latestExpiry(of: owner)
    } else if expiresAt > mappings[owner].expiresAt {
      mappings[owner].expiresAt = expiresAt
    }
  }

  private func latestExpiry(of mapping: Int) -> UInt64 {
    var latest: UInt64 = 0
    var cursor = mappings[mapping].firstSession
    while cursor >= 0 {
      latest = max(latest, sessions[Int(cursor)].expiresAt)
      cursor = sessions[Int(cursor)].next
    }
    return latest
  }

  // MARK: Forgetting

  private mutating func makeRoom(at now: UInt64) -> Rule? {
    if now >= sweepAt { sweep(at: now) }
    return sessionsCount < limits.sessionsMax ? nil : .tableFull
  }

  /// Forgets what has expired. At most once in ten seconds, so that a flood of new sessions costs each
  /// little.
  mutating func sweep(at now: UInt64) {
    sweepAt = now.saturatingAdd(10_000_000_000)
    for index in sessions.indices where !sessions[index].isFree && sessions[index].expiresAt <= now {
      remove(session: Int32(index))
    }
    for index in mappings.indices where !mappings[index].isFree && mappings[index].expiresAt <= now {
      remove(mapping: Int32(index))
    }
    if behavior.ports.block != nil {
      var present: Set<UInt32> = []
      for mapping in mappings where !mapping.isFree {
        present.insert(UInt32(truncatingIfNeeded: mapping.local >> 16))
      }
      allocator.keepBlocks(of: present)
    }
  }

  mutating func remove(session index: Int32) {
    let session = sessions[Int(index)]
    let owner = mappings[Int(session.mapping)]
    let inKey = Key(owner.kind, owner.external, session.remote)
    if inbound[inKey] == index { inbound[inKey] = nil }
    let outKey = Key(owner.kind, owner.local, session.remote)
    if outbound[outKey] == index { outbound[outKey] = nil }
    if session.previous >= 0 {
      sessions[Int(session.previous)].next = session.next
    } else {
      mappings[Int(session.mapping)].firstSession = session.next
    }
    if session.next >= 0 { sessions[Int(session.next)].previous = session.previous }
    sessions[Int(index)].isFree = true
    freeSessions.append(index)
  }

  mutating func remove(mapping index: Int32) {
    while mappings[Int(index)].firstSession >= 0 { remove(session: mappings[Int(index)].firstSession) }
    let mapping = mappings[Int(index)]
    if let key = mapping.key, byInternal[key] == index { byInternal[key] = nil }
    unchain(index, kind: mapping.kind, external: mapping.external, older: mapping.older)
    mappings[Int(index)].isFree = true
    freeMappings.append(index)
  }

  private mutating func unchain(_ index: Int32, kind: Kind, external: UInt64, older: Int32) {
    let key = kind.rawValue << 48 | external
    guard var cursor = byExternal[key] else { return }
    if cursor == index {
      byExternal[key] = older >= 0 ? older : nil
      if older < 0 { allocator.release(kind, external, in: externals) }
      return
    }
    while cursor >= 0, mappings[Int(cursor)].older != index { cursor = mappings[Int(cursor)].older }
    if cursor >= 0 { mappings[Int(cursor)].older = older }
  }
}
