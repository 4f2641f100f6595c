/// A router's packet filter, for either family. Rules are asked in order of the first packet of a
/// connection, and the first that fits decides; what none fits is for the defaults. What belongs to an
/// allowed connection passes.
public struct Firewall: Codable, Sendable, Equatable {
  /// What becomes of a packet.
  public enum Action: String, Codable, Sendable {
    /// It passes.
    case allow
    /// It vanishes.
    case drop
    /// It is refused with an ICMP error.
    case reject
    /// It is refused with a TCP reset; other protocols vanish.
    case reset
  }

  /// One rule; what is left out is not asked for.
  public struct Rule: Codable, Sendable, Equatable {
    /// As drops name it.
    public var name: String
    /// What becomes of a fitting packet.
    public var action: Action
    /// From the LAN, or towards it.
    public var direction: Direction?
    /// TCP, UDP or ICMP.
    public var transport: Transport?
    /// Ports outside; none are all.
    public var ports: [Int]

    /// A rule for packets of that direction, transport and ports outside; no ports are all.
    public init(
      _ name: String, _ action: Action, _ direction: Direction? = nil, _ transport: Transport? = nil,
      ports: [Int] = []
    ) {
      self.name = name
      self.action = action
      self.direction = direction
      self.transport = transport
      self.ports = ports
    }
  }

  /// In the order in which they are asked.
  public var rules: [Rule]
  /// For what comes from outside and no rule fits.
  public var inbound: Action
  /// For what leaves and no rule fits.
  public var outbound: Action

  /// A firewall of these rules.
  public init(_ rules: Rule..., inbound: Action = .allow, outbound: Action = .allow) {
    self.rules = rules
    self.inbound = inbound
    self.outbound = outbound
  }

  /// Lets everything through.
  public static let open = Firewall()

  /// What home routers do for IPv6 (RFC 6092): out is free, in only what belongs to it.
  public static let blockInbound = Firewall(inbound: .drop)

  /// UDP goes nowhere but to name servers.
  public static let udpBlocked = Firewall(
    Rule("names", .allow, .outbound, .udp, ports: [53]), Rule("udp blocked", .drop, nil, .udp), inbound: .drop
  )

  /// TCP to ports 80 and 443, and name servers; the rest is refused aloud.
  public static let webOnly = Firewall(
    Rule("names", .allow, .outbound, .udp, ports: [53]), Rule("http", .allow, .outbound, .tcp, ports: [80]),
    Rule("https", .allow, .outbound, .tcp, ports: [443]), inbound: .drop, outbound: .reject)
}
