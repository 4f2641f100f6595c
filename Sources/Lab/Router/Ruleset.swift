import NetworkModel

/// The rules of a ``LinuxRouter``, as text for `nft -f -` (nft(8)).
///
/// - Mapping is source NAT: to the port it had, or to one that is a hash of what the mapping depends on.
/// - A chain behind it records which inner endpoint has which external port, now that the port is known.
/// - Filtering is destination NAT by that record: for anybody, for addresses that were sent to, or not at
///   all, when connection tracking alone lets answers in.
/// - What comes unsolicited to the router itself is dropped before it is confirmed.
struct Ruleset {
  private let router: LinuxRouter
  private let external: Address

  init(_ router: LinuxRouter, external: Address) {
    self.router = router
    self.external = external
  }

  /// Where mappings that depend on the destination get their ports from: as many as one netlink message
  /// holds.
  private static let hashedPorts = 20000..<21024

  private static let transports = ["udp", "tcp"]

  var text: String {
    """
    flush ruleset
    table ip nat {
    \(Self.transports.map(records).joined(separator: "\n"))
      chain outward {
        type nat hook postrouting priority srcnat;
    \(Self.transports.map(mapping).joined(separator: "\n"))
        \(leaving) snat to \(external)
      }
      chain recording {
        type filter hook postrouting priority 110;
    \(Self.transports.map(recording).joined(separator: "\n"))
      }
      chain inward {
        type nat hook prerouting priority dstnat;
    \(Self.transports.map(filtering).joined(separator: "\n"))
      }
      chain itself {
        type filter hook input priority filter;
        ip daddr \(external) ct state new \(refusal)
      }
      chain through {
        type filter hook forward priority filter;
        iifname \(LinuxRouter.outside) ct state new ct status & dnat != dnat drop
      }
    }

    """
  }

  /// Out of the outer interface; with hairpinning also back in, when destination NAT has turned it round.
  private var leaving: String {
    router.hairpin
      ? "meta oifname { \(LinuxRouter.outside), \(LinuxRouter.inside) } ip saddr != \(external) "
        + "iifname \(LinuxRouter.inside)"
      : "oifname \(LinuxRouter.outside) iifname \(LinuxRouter.inside)"
  }

  private func records(_ transport: String) -> String {
    """
      map \(transport)_owner {
        type inet_service : ipv4_addr . inet_service
        flags dynamic, timeout
        size 65536
        timeout \(router.udpIdleSeconds)s
      }
      set \(transport)_sent_to {
        type inet_service . ipv4_addr
        flags dynamic, timeout
        size 65536
        timeout \(router.udpIdleSeconds)s
      }
    """
  }

  private func mapping(_ transport: String) -> String {
    let source = "ip saddr . \(transport) sport"
    let key: String
    switch router.mapping {
    // The general rule behind these keeps the port.
    case .endpointIndependent: return ""
    case .addressDependent: key = "\(source) . ip daddr"
    case .addressAndPortDependent: key = "\(source) . ip daddr . \(transport) dport"
    }
    // Through a map: the hash itself would be taken for a port with its bytes swapped.
    let ports = Self.hashedPorts.enumerated().map { "\($0) : \($1)" }.joined(separator: ", ")
    return "    \(leaving) meta l4proto \(transport) snat to \(external) : "
      + "jhash \(key) mod \(Self.hashedPorts.count) seed \(router.seed) map { \(ports) }"
  }

  private func recording(_ transport: String) -> String {
    let ours = "ct direction original ct status & snat == snat meta l4proto \(transport)"
    let inner = "ct original ip saddr . ct original proto-src"
    return """
          \(ours) update @\(transport)_owner { ct reply proto-dst : \(inner) }
          \(ours) update @\(transport)_sent_to { ct reply proto-dst . ip daddr }
      """
  }

  private func filtering(_ transport: String) -> String {
    let toOwner = "dnat ip to \(transport) dport map @\(transport)_owner"
    let fromOutside = "iifname \(LinuxRouter.outside) ip daddr \(external)"
    var rules: [String] = []
    switch router.filtering {
    case .endpointIndependent: rules.append("\(fromOutside) \(toOwner)")
    case .addressDependent:
      rules.append("\(fromOutside) \(transport) dport . ip saddr @\(transport)_sent_to \(toOwner)")
    case .addressAndPortDependent: break
    }
    if router.hairpin { rules.append("iifname \(LinuxRouter.inside) ip daddr \(external) \(toOwner)") }
    return rules.map { "    \($0)" }.joined(separator: "\n")
  }

  private var refusal: String {
    switch router.refusal {
    case .drop: "drop"
    case .reject: "meta l4proto tcp reject with tcp reset\n    ip daddr \(external) ct state new reject"
    }
  }
}
