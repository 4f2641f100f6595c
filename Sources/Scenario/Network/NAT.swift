/// How a router translates addresses: every behaviour that RFC 4787 (UDP), RFC 5382 (TCP) and RFC 5508 (ICMP)
/// name, as plain values. Start from a preset and change what your bug is about:
///
///     var nat = NAT.homeRouter
///     nat.udpIdle = .seconds(20)
public struct NAT: Codable, Sendable, Equatable {
  /// What a mapping, or who may use it, depends on (RFC 4787, 4.1 and 5).
  public enum Dependence: String, Codable, Sendable, CaseIterable {
    /// On nothing but the inner endpoint.
    case endpointIndependent
    /// On the outer address too.
    case addressDependent
    /// On the outer address and port too.
    case addressAndPortDependent
  }

  /// Whether the inner port is kept (RFC 4787, 4.2.1).
  public enum Preservation: String, Codable, Sendable {
    /// It is not.
    case none
    /// If no other mapping has it.
    case preserving
    /// Even then, as long as the two do not speak to the same endpoint; as Linux does.
    case overloading
  }

  /// Which port is taken where none is kept.
  public enum Order: String, Codable, Sendable {
    /// Any, from the seed, or one after the other.
    case random, sequential
  }

  /// How hosts inside reach each other by their outer addresses (RFC 4787, 6).
  public enum Hairpin: String, Codable, Sendable {
    /// They do not.
    case none
    /// The packet keeps the sender's inner endpoint, and the answer misses the box.
    case internalSource
    /// The packet has the sender's outer endpoint: REQ-9(a).
    case externalSource
  }

  /// How a host's outer address is chosen from a pool (RFC 4787, 4.1).
  public enum Pooling: String, Codable, Sendable {
    /// Always the same for a host.
    case paired
    /// Any for every mapping.
    case arbitrary
  }

  /// Which packets prolong a mapping (RFC 4787, 4.3).
  public enum Refresh: String, Codable, Sendable {
    /// Those going out, those coming in, or both.
    case outbound, inbound, both
  }

  /// What becomes of a packet from outside that no mapping admits.
  public enum Unsolicited: String, Codable, Sendable {
    /// It vanishes.
    case drop
    /// An ICMP error says so.
    case reject
    /// TCP is answered with RST, the rest vanishes; as many home routers do.
    case reset
  }

  /// Who translates.
  public enum Kind: String, Codable, Sendable {
    /// Our model.
    case model
    /// A router namespace with nftables: a kernel as witness for the model.
    case linux
    /// Nobody: a plain router, as for IPv6.
    case none
  }

  /// Who translates.
  public var kind = Kind.model
  /// How mappings are reused.
  public var mapping = Dependence.endpointIndependent
  /// Who may send through a mapping.
  public var filtering = Dependence.addressAndPortDependent
  /// Whether the inner port is kept.
  public var preservation = Preservation.preserving
  /// Which port is taken where none is kept.
  public var order = Order.random
  /// Whether an even port stays even and an odd one odd (RFC 4787, 4.2.2).
  public var keepsParity = false
  /// Whether neighbouring inner ports become neighbouring outer ports (RFC 4787, 4.2.3).
  public var keepsContiguity = false
  /// Each host gets one block of this many ports, and no more (RFC 7422); no value is no limit.
  public var portBlock: Int?
  /// How hosts inside reach each other by their outer addresses.
  public var hairpin = Hairpin.externalSource
  /// Idle lifetime of a UDP mapping (RFC 4787, REQ-5).
  public var udpIdleMs: Double = 300_000
  /// The same while nothing has come back, where that is shorter.
  public var udpUnrepliedMs: Double?
  /// Idle lifetime of a TCP connection that is not, or no longer, established (RFC 5382, REQ-5).
  public var tcpTransitoryMs: Double = 240_000
  /// Idle lifetime of an established TCP connection (RFC 5382, REQ-5).
  public var tcpEstablishedMs: Double = 7_440_000
  /// Idle lifetime of an ICMP query (RFC 5508, REQ-1).
  public var icmpIdleMs: Double = 60_000
  /// After this a mapping ends, idle or not.
  public var absoluteLifetimeMs: Double?
  /// What prolongs a mapping of UDP or ICMP.
  public var refresh = Refresh.both
  /// How many outer addresses there are.
  public var addresses = 1
  /// How one of them is chosen.
  public var pooling = Pooling.paired
  /// What becomes of unsolicited packets.
  public var unsolicited = Unsolicited.drop

  /// What the RFCs ask for, with strict filtering.
  public init() {}

  /// That mapping and filtering, the rest as in `init()`.
  public init(mapping: Dependence, filtering: Dependence) {
    self.mapping = mapping
    self.filtering = filtering
  }

  /// This NAT with something changed: `.homeRouter.with { $0.hairpin = .none }`.
  public func with(_ change: (inout NAT) -> Void) -> NAT {
    var nat = self
    change(&nat)
    return nat
  }
}

// The names people use, as plain values.
extension NAT {
  /// No translation: every host inside has an address of its own.
  public static let none = NAT().with { $0.kind = .none }

  /// What most homes have: Linux, which keeps ports, overloads them, and forgets UDP early.
  public static let homeRouter = NAT().with {
    $0.preservation = .overloading
    $0.udpIdle = .seconds(120)
    $0.udpUnrepliedMs = 30_000
    $0.tcpTransitoryMs = 120_000
  }

  /// A home router that answers strangers with RST, as OpenWrt does.
  public static let rejectingHomeRouter = NAT.homeRouter.with { $0.unsolicited = .reset }

  /// Whoever knows a mapping may use it (RFC 3489's word).
  public static let fullCone = NAT(mapping: .endpointIndependent, filtering: .endpointIndependent)

  /// Any port of an address one wrote to may answer (RFC 3489's word).
  public static let restrictedCone = NAT(mapping: .endpointIndependent, filtering: .addressDependent)

  /// Only endpoints one wrote to may answer (RFC 3489's word).
  public static let portRestrictedCone = NAT()

  /// Another random port towards every endpoint (RFC 3489's word).
  public static let symmetric = NAT(
    mapping: .addressAndPortDependent, filtering: .addressAndPortDependent
  ).with {
    $0.preservation = .none
    $0.hairpin = .none
  }

  /// A provider's (RFC 6888): few addresses for many, a block of ports for each.
  public static let carrierGrade = NAT(
    mapping: .endpointIndependent, filtering: .endpointIndependent
  ).with {
    $0.preservation = .none
    $0.portBlock = 1024
  }

  /// Shared by strangers: symmetric, impatient, and it says no.
  public static let hotel = NAT.symmetric.with {
    $0.udpIdle = .seconds(30)
    $0.tcpTransitoryMs = 60_000
    $0.tcpEstablished = .seconds(900)
    $0.unsolicited = .reject
  }

  /// Several outer addresses, ports in sequence, resets; often with `Firewall.webOnly`.
  public static let corporate = NAT.symmetric.with {
    $0.order = .sequential
    $0.addresses = 4
    $0.pooling = .arbitrary
    $0.udpIdle = .seconds(60)
    $0.tcpEstablished = .seconds(3600)
    $0.unsolicited = .reset
  }

  /// A real Linux router: nftables masquerade.
  public static let linux = NAT.homeRouter.with { $0.kind = .linux }
}

extension NAT {
  /// Idle lifetime of a UDP mapping.
  public var udpIdle: Duration {
    get { .microseconds(udpIdleMs * 1000) }
    set { udpIdleMs = newValue.inMs }
  }

  /// Idle lifetime of an established TCP connection.
  public var tcpEstablished: Duration {
    get { .microseconds(tcpEstablishedMs * 1000) }
    set { tcpEstablishedMs = newValue.inMs }
  }

  /// After this a mapping ends, idle or not.
  public var absoluteLifetime: Duration? {
    get { absoluteLifetimeMs.map { .microseconds($0 * 1000) } }
    set { absoluteLifetimeMs = newValue?.inMs }
  }
}
