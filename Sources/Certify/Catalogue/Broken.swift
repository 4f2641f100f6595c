import Lab
import NetworkModel

/// NATs that are built as one thing and declared as another. Each must be caught, by the property it was
/// broken in.
package enum Broken {
  package static let all: [Kind] =
    [
      // Mapping and filtering
      model("another mapping for every address", .udpMapping, open) { $0.mapping = .addressDependent },
      model("another mapping for every port", .udpMapping, byAddress) {
        $0.mapping = .addressAndPortDependent
      },
      model("filters addresses only", .udpFiltering) { $0.filtering = .addressDependent },
      model("filters nothing", .tcpFiltering) { $0.filtering = .endpointIndependent },
      model("filters ports too", .udpFiltering, restricted) { $0.filtering = .addressAndPortDependent },
      // Lifetimes
      model("forgets after a second", .idle) { $0.lifetimes.udp = .seconds(1) },
      model("never forgets", .idle) { $0.lifetimes.udp = .seconds(300) },
      model("forgets what is in use", .absolute) { $0.lifetimes.absolute = .seconds(4) },
      model("forgets sooner while unanswered", .unreplied) { $0.lifetimes.udpUnreplied = .seconds(1) },
      model("refreshed by inbound packets only", .refresh) { $0.refresh = .inbound },
      model("refreshed by outbound packets only", .refresh) { $0.refresh = .outbound },
      model("forgets idle TCP", .tcpIdle) { $0.lifetimes.tcpEstablished = .seconds(2) },
      // Ports
      model("overloads ports", .ports) { $0.ports.preservation = .overloading },
      model("does not keep ports", .ports) { $0.ports.preservation = .none },
      model("predictable ports", .order, allocating) { $0.ports.order = .sequential },
      model("loses parity", .parity, even) { $0.ports.parity = false },
      model("loses contiguity", .contiguity, contiguous) { $0.ports.contiguity = false },
      model("larger blocks", .block, blocks) { $0.ports.block = 40 },
      model("no blocks", .block, blocks) { $0.ports.block = nil },
      model("any address of the pool", .pooling, externals: 3) { $0.pooling = .arbitrary },
      // The rest
      model("hairpins with the internal source", .hairpin) { $0.hairpin = .internalSource },
      model("does not hairpin", .hairpin) { $0.hairpin = .none },
      model("rejects", .unsolicited) { $0.unsolicited = .reject },
      model("resets", .simultaneousOpen) { $0.unsolicited = .reset },
    ] + [
      kernel("filters addresses only", .udpFiltering) { $0.filtering = .addressDependent },
      kernel("another mapping for every address", .tcpMapping) { $0.mapping = .addressDependent },
      kernel("rejects", .unsolicited) { $0.refusal = .reject },
      kernel("forgets after a second", .idle) { ($0.udpIdleSeconds, $0.udpUnrepliedSeconds) = (1, 1) },
    ]

  private static let plain = Catalogue.plain
  private static let allocating = plain.with { $0.ports = .init(preservation: .none) }
  private static let open = allocating.with { $0.filtering = .endpointIndependent }
  private static let byAddress = allocating.with { $0.mapping = .addressDependent }
  private static let restricted = plain.with { $0.filtering = .addressDependent }
  private static let even = plain.with { $0.ports = .init(preservation: .none, parity: true) }
  private static let contiguous = plain.with { $0.ports = .init(preservation: .none, contiguity: true) }
  private static let blocks = plain.with { $0.ports = .init(preservation: .none, block: 32) }

  private static func model(
    _ name: String, _ property: Property, _ declared: NAT.Behavior = plain, externals: Int = 1,
    _ change: (inout NAT.Behavior) -> Void
  ) -> Kind {
    var kind = Kind(name, declared.with(change), externals: externals)
    kind.flaw = Kind.Flaw(property: property, built: kind.declared)
    kind.declared = Profile(of: declared, externals: externals, sockets: kind.sockets)
    return kind
  }

  private static func kernel(
    _ name: String, _ property: Property, _ change: (inout LinuxRouter) -> Void
  ) -> Kind {
    var kind = Kind(name, Catalogue.router(change))
    kind.flaw = Kind.Flaw(property: property, built: kind.declared)
    kind.declared = Profile(of: Catalogue.router { _ in })
    return kind
  }
}
