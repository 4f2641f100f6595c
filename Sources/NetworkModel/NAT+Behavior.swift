extension NAT {
  /// What something depends on: RFC 4787, sections 4.1 (mapping) and 5 (filtering); for TCP RFC 5382,
  /// sections 4.1 and 4.3.
  package enum Dependence: Hashable, Sendable, CaseIterable {
    case endpointIndependent
    case addressDependent
    case addressAndPortDependent

    /// The part of a remote endpoint it depends on.
    func part(of remote: UInt64) -> UInt64 {
      switch self {
      case .endpointIndependent: 0
      case .addressDependent: remote & ~0xFFFF
      case .addressAndPortDependent: remote
      }
    }
  }

  /// How external ports are chosen. RFC 4787, section 4.2.
  package struct Ports: Hashable, Sendable {
    /// RFC 4787, section 4.2.1.
    package enum Preservation: Hashable, Sendable {
      case none
      /// The internal port if no other mapping has it.
      case preserving
      /// The internal port even then, as long as the two do not speak to the same endpoint; what Linux does,
      /// and RFC 4787, REQ-3, forbids.
      case overloading
    }

    package enum Order: Hashable, Sendable {
      /// Drawn from the seed and the flow's name (RFC 6056 asks for unpredictable ones).
      case random
      case sequential
    }

    package var preservation: Preservation
    /// Of those that are not preserved.
    package var order: Order
    /// Even stays even and odd odd. RFC 4787, section 4.2.2, REQ-4.
    package var parity: Bool
    /// An odd port becomes the one after that of the even port before it. RFC 4787, section 4.2.3.
    package var contiguity: Bool
    package var range: ClosedRange<UInt16>
    /// Each internal host gets one block of this many ports, and no more when they are used up. RFC 6888,
    /// REQ-4, and RFC 7422.
    package var block: Int?

    package init(
      preservation: Preservation = .preserving, order: Order = .random, parity: Bool = false,
      contiguity: Bool = false, range: ClosedRange<UInt16> = 1024...65535, block: Int? = nil
    ) {
      self.preservation = preservation
      self.order = order
      self.parity = parity
      self.contiguity = contiguity
      self.range = range
      self.block = block
    }
  }

  /// Which of several external addresses a mapping gets. RFC 4787, section 4.1, REQ-2.
  package enum Pooling: Hashable, Sendable {
    /// One internal host always has the same.
    case paired
    case arbitrary
  }

  /// Packets from inside to a mapped external endpoint. RFC 4787, section 6.
  package enum Hairpin: Hashable, Sendable {
    case none
    /// They arrive with the sender's internal endpoint, and the answer misses the box.
    case internalSource
    /// They arrive with the sender's external endpoint: REQ-9(a).
    case externalSource
  }

  package struct Lifetimes: Hashable, Sendable {
    /// Idle time of a UDP mapping: at least two minutes, five by default. RFC 4787, REQ-5.
    package var udp: Duration
    /// While nothing has come back, where that is shorter: Linux gives 30 s.
    package var udpUnreplied: Duration?
    /// TCP before the handshake is through and after either side has closed: four minutes. RFC 5382, REQ-5;
    /// RFC 7857, sections 2.1 and 2.2.
    package var tcpTransitory: Duration
    /// At least two hours and four minutes. RFC 5382, REQ-5.
    package var tcpEstablished: Duration
    /// At least 60 s. RFC 5508, section 3.2.
    package var icmp: Duration
    /// No mapping lives longer, used or not.
    package var absolute: Duration?

    package init(
      udp: Duration = .seconds(300), udpUnreplied: Duration? = nil, tcpTransitory: Duration = .seconds(240),
      tcpEstablished: Duration = .seconds(7440), icmp: Duration = .seconds(60), absolute: Duration? = nil
    ) {
      self.udp = udp
      self.udpUnreplied = udpUnreplied
      self.tcpTransitory = tcpTransitory
      self.tcpEstablished = tcpEstablished
      self.icmp = icmp
      self.absolute = absolute
    }
  }

  /// Which packets keep a UDP or ICMP mapping alive. RFC 4787, section 4.3, REQ-6: outbound must. TCP's idle
  /// time is that of the connection, both ways.
  package enum Refresh: Hashable, Sendable {
    case outbound
    case inbound
    case both
  }

  /// What becomes of a packet no mapping or filter lets in.
  package enum Unsolicited: Hashable, Sendable {
    /// Silence, which hole punching needs: RFC 5382, REQ-4.
    case drop
    /// An ICMP error, port unreachable.
    case reject
    /// A TCP reset; other protocols are dropped.
    case reset
  }

  /// All of what a NAT does, as plain values.
  package struct Behavior: Hashable, Sendable {
    package var mapping: Dependence
    package var filtering: Dependence
    package var ports: Ports
    package var pooling: Pooling
    package var hairpin: Hairpin
    package var lifetimes: Lifetimes
    package var refresh: Refresh
    package var unsolicited: Unsolicited

    package init(
      mapping: Dependence = .endpointIndependent, filtering: Dependence = .addressAndPortDependent,
      ports: Ports = .init(), pooling: Pooling = .paired, hairpin: Hairpin = .externalSource,
      lifetimes: Lifetimes = .init(), refresh: Refresh = .both, unsolicited: Unsolicited = .drop
    ) {
      self.mapping = mapping
      self.filtering = filtering
      self.ports = ports
      self.pooling = pooling
      self.hairpin = hairpin
      self.lifetimes = lifetimes
      self.refresh = refresh
      self.unsolicited = unsolicited
    }
  }
}
