package import NetworkModel

extension Profile {
  /// What a behaviour promises to somebody who can only look from its two sides.
  ///
  /// - Parameters:
  ///   - externals: how many external addresses it has.
  ///   - sockets: as many as the prober opens to find the end of a port block; 0: it does not look.
  ///   - isHairpinFiltered: whether hairpinned packets must pass the filter, as those from outside.
  package init(
    of behavior: NAT.Behavior, externals: Int = 1, sockets: Int = 0, isHairpinFiltered: Bool = true
  ) {
    self.init()
    self[.udpMapping] = behavior.mapping.words
    self[.tcpMapping] = behavior.mapping.words
    self[.udpFiltering] = behavior.filtering.words
    self[.tcpFiltering] = behavior.filtering.words
    self[.ports] = behavior.ports.preservation.words
    self[.tcpPorts] = NAT.Ports.Preservation.none.words
    if behavior.ports.preservation != .none { self[.tcpPorts] = NAT.Ports.Preservation.preserving.words }
    self[.coverage] = "all"
    // Where ports are kept, others are seen only when two hosts compete for one at the same address.
    if externals == 1 || behavior.ports.preservation == .none {
      self[.order] = behavior.ports.order == .sequential ? "sequential" : "random"
      self[.parity] = behavior.ports.parity ? "kept" : "not kept"
      self[.contiguity] = behavior.ports.contiguity ? "kept" : "not kept"
    }
    self[.pooling] = externals == 1 ? "one address" : behavior.pooling == .paired ? "paired" : "arbitrary"
    if sockets > 0 {
      self[.block] = behavior.ports.block.flatMap { $0 < sockets ? "\($0)" : nil } ?? "no limit"
    }
    self[.hairpin] = behavior.observableHairpin(isFiltered: isHairpinFiltered).words
    promiseLifetimes(behavior)
    self[.unsolicited] = behavior.unsolicited.words
    // The prober listens too, so whoever is let in arrives anyway. Otherwise the first SYN must die in
    // silence, and the second leave from the endpoint that the first was sent to.
    let isOpen =
      behavior.filtering == .endpointIndependent
      || behavior.mapping == .endpointIndependent && behavior.unsolicited == .drop
    self[.simultaneousOpen] = isOpen ? "succeeds" : "fails"
  }

  private mutating func promiseLifetimes(_ behavior: NAT.Behavior) {
    let lifetimes = behavior.lifetimes
    let end = lifetimes.absolute ?? .seconds(1_000_000_000)
    let idle = Lifetime.firstDead(min(lifetimes.udp, end))
    self[.idle] = Lifetime.words(firstDead: idle)
    self[.unreplied] = Lifetime.words(
      firstDead: Lifetime.firstDead(min(lifetimes.udpUnreplied ?? lifetimes.udp, end)))
    self[.tcpIdle] = Lifetime.words(firstDead: Lifetime.firstDead(min(lifetimes.tcpEstablished, end)))
    if idle.map({ $0 >= Lifetime.nudgeable.lowerBound }) ?? true {
      self[.absolute] = Lifetime.absoluteWords(
        firstDead: Lifetime.firstDead(end, among: Lifetime.absoluteLooks))
    }
    if Lifetime.nudge(firstDead: idle) != nil { self[.refresh] = behavior.refresh.words }
  }
}

extension Lifetime {
  static func absoluteWords(firstDead: Int?) -> String {
    firstDead == nil ? "none" : words(firstDead: firstDead, among: absoluteLooks)
  }
}

extension NAT.Behavior {
  /// Both sides have sent to the endpoint the other one has towards the reflector. Where mappings depend on
  /// more, they have sent that from another mapping than the one that is knocked at, whose filter has only
  /// seen the reflector.
  fileprivate func observableHairpin(isFiltered: Bool) -> NAT.Hairpin {
    let isLetIn = mapping == .endpointIndependent || filtering == .endpointIndependent
    return isLetIn || !isFiltered ? hairpin : .none
  }
}

// The words.

extension NAT.Dependence {
  package var words: String {
    switch self {
    case .endpointIndependent: "endpoint-independent"
    case .addressDependent: "address-dependent"
    case .addressAndPortDependent: "address and port-dependent"
    }
  }
}

extension NAT.Ports.Preservation {
  var words: String {
    switch self {
    case .none: "not preserved"
    case .preserving: "preserved"
    case .overloading: "overloaded"
    }
  }
}

extension NAT.Hairpin {
  var words: String {
    switch self {
    case .none: "none"
    case .internalSource: "internal source"
    case .externalSource: "external source"
    }
  }
}

extension NAT.Refresh {
  var words: String {
    switch self {
    case .outbound: "outbound"
    case .inbound: "inbound"
    case .both: "both directions"
    }
  }
}

extension NAT.Unsolicited {
  var words: String {
    switch self {
    case .drop: "dropped"
    case .reject: "rejected"
    case .reset: "reset"
    }
  }
}
