package import SansIO

/// A network address and port translator for IPv4: UDP (RFC 4787), TCP (RFC 5382), ICMP (RFC 5508).
///
/// Two tables. A *mapping* is an external endpoint that an internal one has, towards everybody or towards
/// some, as ``Behavior/mapping`` says. A *session* is one remote endpoint that has been spoken to through a
/// mapping: the filter's permission, and the timer. Packets of a session always go through its mapping, in
/// both directions, as in every box that tracks connections.
///
/// Invariants: every session is in its mapping's list; a mapping without live sessions is dead; nothing is
/// translated by an expired entry, whether or not it has been swept. Time and ports come from the inputs and
/// the seed alone. Both tables are bounded.
package struct NAT: Sendable {
  package struct Limits: Hashable, Sendable {
    /// A home router of today tracks some 64 Ki sessions, one for carriers millions.
    package var sessionsMax = 262_144

    package init() {}
  }

  package enum Outcome: Hashable, Sendable {
    case translated
    /// Translated twice, and to be sent back inside.
    case hairpinned
    case died(Rule)
  }

  package let behavior: Behavior
  package internal(set) var externals: [Address]
  let limits: Limits
  let seed: UInt64
  /// Counts reboots, so that each draws other ports.
  var generation: UInt64 = 0
  let lifetimes: LifetimesInNanoseconds

  var mappings: [Mapping] = []
  var freeMappings: [Int32] = []
  var sessions: [Session] = []
  var freeSessions: [Int32] = []
  /// By kind and internal endpoint, and the part of the remote one that the mapping depends on.
  var byInternal: [Key: Int32] = [:]
  /// By kind and external endpoint: the newest of the mappings that share it.
  var byExternal: [UInt64: Int32] = [:]
  /// By kind, internal and remote endpoint.
  var outbound: [Key: Int32] = [:]
  /// By kind, external and remote endpoint.
  var inbound: [Key: Int32] = [:]
  var allocator: PortAllocator
  var sweepAt: UInt64 = 0
  var fragments = FragmentTable()

  /// - Parameters:
  ///   - externals: IPv4 addresses, at least one.
  ///   - seed: of this box.
  package init(_ behavior: Behavior, externals: [Address], seed: UInt64, limits: Limits = .init()) {
    precondition(!externals.isEmpty && externals.allSatisfy(\.isIPv4), "external addresses \(externals)")
    self.behavior = behavior
    self.externals = externals
    self.limits = limits
    self.seed = seed
    lifetimes = LifetimesInNanoseconds(behavior.lifetimes)
    allocator = PortAllocator(behavior, externals: externals.count, seed: seed)
  }

  /// Mappings not yet swept.
  package var mappingsCount: Int { mappings.count - freeMappings.count }
  package var sessionsCount: Int { sessions.count - freeSessions.count }

  // MARK: Inputs

  /// Translates a packet from inside, in place.
  ///
  /// - Parameter flow: the packet's flow, ``FlowName/key``: what a random port is drawn from.
  package mutating func translateOutbound(
    _ packet: inout Packet, flow: UInt64, at now: Instant
  ) -> Outcome {
    guard packet.isIPv4 else { return .died(.protocolNotTranslated) }
    if packet.isFragment {
      let key = FragmentTable.Key(packet)
      if packet.isLaterFragment {
        guard let source = fragments[key, now.nanoseconds] else { return .died(.fragmentNotTranslated) }
        packet.rewriteSource(to: Endpoint(source, 0))
        return .translated
      }
      let outcome = translateWholeOutbound(&packet, flow: flow, at: now)
      if outcome == .translated { fragments.insert(key, packet.sourceAddress, at: now.nanoseconds) }
      return outcome
    }
    return translateWholeOutbound(&packet, flow: flow, at: now)
  }

  private mutating func translateWholeOutbound(
    _ packet: inout Packet, flow: UInt64, at now: Instant
  ) -> Outcome {
    if packet.isICMPError { return translateErrorOutbound(&packet, at: now.nanoseconds) }
    guard let kind = Kind(packet) else { return .died(.protocolNotTranslated) }
    let (local, remote) = (packet.source.packed, packet.destination.packed)
    if externals.contains(packet.destinationAddress) {
      return hairpin(&packet, kind, from: local, to: remote, flow: flow, at: now.nanoseconds)
    }
    switch session(kind, from: local, to: remote, packet, flow: flow, at: now.nanoseconds) {
    case .failure(let rule): return .died(rule)
    case .success(let index):
      refresh(index, packet.tcpFlags, isOutbound: true, at: now.nanoseconds)
      packet.rewriteSource(to: Endpoint(packed: mappings[Int(sessions[Int(index)].mapping)].external))
      return .translated
    }
  }

  /// Translates a packet from outside, in place.
  package mutating func translateInbound(_ packet: inout Packet, at now: Instant) -> Outcome {
    guard packet.isIPv4 else { return .died(.protocolNotTranslated) }
    if packet.isFragment {
      let key = FragmentTable.Key(packet)
      if packet.isLaterFragment {
        guard let destination = fragments[key, now.nanoseconds] else { return .died(.fragmentNotTranslated) }
        packet.rewriteDestination(to: Endpoint(destination, 0))
        return .translated
      }
      let outcome = translateWholeInbound(&packet, at: now)
      if outcome == .translated { fragments.insert(key, packet.destinationAddress, at: now.nanoseconds) }
      return outcome
    }
    return translateWholeInbound(&packet, at: now)
  }

  private mutating func translateWholeInbound(_ packet: inout Packet, at now: Instant) -> Outcome {
    if packet.isICMPError { return translateErrorInbound(&packet, at: now.nanoseconds) }
    guard let kind = Kind(packet) else { return .died(.protocolNotTranslated) }
    let found = session(
      kind, to: packet.destination.packed, from: packet.source.packed, packet, at: now.nanoseconds)
    switch found {
    case .failure(let rule): return .died(rule)
    case .success(let index):
      refresh(index, packet.tcpFlags, isOutbound: false, at: now.nanoseconds)
      packet.rewriteDestination(to: Endpoint(packed: mappings[Int(sessions[Int(index)].mapping)].local))
      return .translated
    }
  }

  // MARK: Commands

  /// Forgets every mapping, as a box that loses its power does.
  package mutating func reboot() {
    generation += 1
    mappings = []
    freeMappings = []
    sessions = []
    freeSessions = []
    byInternal = [:]
    byExternal = [:]
    outbound = [:]
    inbound = [:]
    allocator = PortAllocator(behavior, externals: externals.count, seed: Draw.mix(seed, generation))
    fragments = FragmentTable()
  }

  /// Other external addresses, and no mapping left.
  package mutating func renumber(to externals: [Address]) {
    precondition(!externals.isEmpty && externals.allSatisfy(\.isIPv4), "external addresses \(externals)")
    self.externals = externals
    reboot()
  }

  // MARK: Both directions

  /// Packets of one session from inside to the external endpoint of another.
  private mutating func hairpin(
    _ packet: inout Packet, _ kind: Kind, from local: UInt64, to external: UInt64, flow: UInt64,
    at now: UInt64
  ) -> Outcome {
    if behavior.hairpin == .none { return .died(.hairpinRefused) }
    let mine: Int32
    switch session(kind, from: local, to: external, packet, flow: flow, at: now) {
    case .failure(let rule): return .died(rule)
    case .success(let index): mine = index
    }
    refresh(mine, packet.tcpFlags, isOutbound: true, at: now)
    let source = mappings[Int(sessions[Int(mine)].mapping)].external
    // The filter sees whom everybody outside would see.
    switch session(kind, to: external, from: source, packet, at: now) {
    case .failure(let rule): return .died(rule)
    case .success(let theirs):
      refresh(theirs, packet.tcpFlags, isOutbound: false, at: now)
      let target = mappings[Int(sessions[Int(theirs)].mapping)].local
      packet.rewriteDestination(to: Endpoint(packed: target))
      if behavior.hairpin == .externalSource { packet.rewriteSource(to: Endpoint(packed: source)) }
      return .hairpinned
    }
  }

  /// An error from outside about a packet from inside: RFC 5508, section 4. It changes no timer and no state.
  private mutating func translateErrorInbound(_ packet: inout Packet, at now: UInt64) -> Outcome {
    guard let quote = packet.quote, let kind = Kind(quote.transport),
      let index = inbound[Key(kind, quote.source.packed, quote.destination.packed)], isLive(index, at: now)
    else { return .died(.unknownFlow) }
    let local = Endpoint(packed: mappings[Int(sessions[Int(index)].mapping)].local)
    packet.rewriteQuotedSource(quote, to: local)
    packet.rewriteDestination(to: Endpoint(local.address, 0))
    return .translated
  }

  /// An error from inside about a packet from outside.
  private mutating func translateErrorOutbound(_ packet: inout Packet, at now: UInt64) -> Outcome {
    guard let quote = packet.quote, let kind = Kind(quote.transport),
      let index = outbound[Key(kind, quote.destination.packed, quote.source.packed)], isLive(index, at: now)
    else { return .died(.unknownFlow) }
    let external = Endpoint(packed: mappings[Int(sessions[Int(index)].mapping)].external)
    packet.rewriteQuotedDestination(quote, to: external)
    packet.rewriteSource(to: Endpoint(external.address, 0))
    return .translated
  }
}
