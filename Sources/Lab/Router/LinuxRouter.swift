package import NetworkModel
import SansIO

/// A NAT made of a real kernel: a host that forwards between two TUN devices, with nftables rules that give
/// each of RFC 4787's mappings and filterings, for UDP and TCP (RFC 5382). The witness against which the
/// modelled NAT is certified.
package struct LinuxRouter: Sendable {
  package enum Refusal: Sendable, Hashable, CaseIterable {
    /// Unsolicited packets vanish. Anything else would confirm a connection tracking entry that takes the
    /// port away from the host inside, and breaks simultaneous opens.
    case drop
    /// ICMP port unreachable, or a reset.
    case reject
  }

  package var mapping = NAT.Dependence.endpointIndependent
  package var filtering = NAT.Dependence.addressAndPortDependent
  package var refusal = Refusal.drop
  /// Packets from inside to a mapped external endpoint arrive, with an external source, whatever the
  /// filtering.
  package var hairpin = false
  /// Idle time of a UDP mapping, and while nothing has come back.
  package var udpIdleSeconds = 120
  package var udpUnrepliedSeconds = 30
  /// Ports of mappings that depend on more than the inner endpoint are a function of this.
  package var seed: UInt32 = 1

  package init() {}

  package static let inside = "lan0"
  package static let outside = "wan0"

  /// The router as a host. Its interfaces must be called ``inside`` and ``outside``; the network must know
  /// both
  /// as interfaces that forward.
  package func description(
    _ name: String, inside: InterfaceDescription, outside: InterfaceDescription
  ) -> HostDescription {
    var host = HostDescription(name, interfaces: [outside, inside])
    host.sysctls = [
      ("net/ipv4/ip_forward", "1"),
      ("net/ipv4/conf/all/send_redirects", "0"),
      ("net/ipv4/conf/lan0/send_redirects", "0"),
      ("net/netfilter/nf_conntrack_udp_timeout", "\(udpUnrepliedSeconds)"),
      ("net/netfilter/nf_conntrack_udp_timeout_stream", "\(udpIdleSeconds)"),
    ]
    return host
  }

  /// Loads the rules into the router of that name; what was mapped before is forgotten.
  package func apply(to name: String, external: Address, in laboratory: Laboratory) throws(LabError) {
    guard let nft = Doctor.path(of: "nft") else {
      throw .lacking(
        "there is no nft, by which a NAT is made of a kernel", remedy: "apt-get install nftables")
    }
    var description = ProcessDescription("nft", nft, ["-f", "-"])
    description.input = Array(Ruleset(self, external: external).text.utf8)
    let process = try laboratory.spawn(description, in: name)
    let end = process.awaitEnd(until: MonotonicClock.now + .seconds(20))
    guard end == .exited(0) else {
      throw .program(
        "\(name) did not take its rules: nft \(end.map { "\($0)" } ?? "hangs")\(process.lastWords)")
    }
  }
}
