import NetworkModel
import Lab

/// The NATs that are certified. Lifetimes are seconds in all of them: it is the mechanism that is certified,
/// and minutes are a parameter of it.
package enum Catalogue {
  package static let all = cells + kernelCells + presets + variations + Broken.all

  /// Between two looks of the prober, with half a second to spare on both sides.
  static let brisk = NAT.Lifetimes(udp: .seconds(3))

  // MARK: Nine cells, twice

  package static let cells = Kind.Cell.all.map { cell -> Kind in
    var kind = Kind(name(of: cell), behavior(of: cell))
    kind.cell = cell
    return kind
  }

  package static let kernelCells = Kind.Cell.all.map { cell -> Kind in
    var kind = Kind(name(of: cell), router(of: cell))
    kind.cell = cell
    return kind
  }

  static func behavior(of cell: Kind.Cell) -> NAT.Behavior {
    NAT.Behavior(
      mapping: cell.mapping, filtering: cell.filtering,
      ports: .init(preservation: cell.mapping == .endpointIndependent ? .preserving : .none),
      lifetimes: brisk)
  }

  static func router(of cell: Kind.Cell) -> LinuxRouter {
    router {
      $0.mapping = cell.mapping
      $0.filtering = cell.filtering
    }
  }

  private static func name(of cell: Kind.Cell) -> String {
    "maps \(cell.mapping.words), filters \(cell.filtering.words)"
  }

  // MARK: Names people know

  package static let presets = [
    Kind("home router", brisk(.homeRouter)),
    Kind("full cone", brisk(.fullCone)),
    Kind("restricted cone", brisk(.restrictedCone)),
    Kind("port restricted cone", brisk(.portRestrictedCone)),
    Kind("symmetric", brisk(.symmetric)),
    Kind("carrier-grade", brisk(.carrierGrade), sockets: 1088),
    Kind("hotel", brisk(.hotel)),
    Kind("corporate", brisk(.corporate), externals: 3),
  ]

  private static func brisk(_ behavior: NAT.Behavior) -> NAT.Behavior {
    var behavior = behavior
    behavior.lifetimes.udp = .seconds(3)
    if behavior.lifetimes.udpUnreplied != nil { behavior.lifetimes.udpUnreplied = .seconds(1) }
    return behavior
  }

  // MARK: One thing at a time

  static let plain = NAT.Behavior(lifetimes: brisk)

  package static let variations: [Kind] = [
    Kind("hairpin with the internal source", plain.with { $0.hairpin = .internalSource }),
    Kind("no hairpin", plain.with { $0.hairpin = .none }),
    Kind("refreshed by outbound packets", plain.with { $0.refresh = .outbound }),
    Kind("refreshed by inbound packets", plain.with { $0.refresh = .inbound }),
    Kind(
      "absolute lifetime",
      plain.with { $0.lifetimes = .init(udp: .seconds(2), absolute: .seconds(3)) }),
    Kind("shorter until answered", plain.with { $0.lifetimes.udpUnreplied = .seconds(1) }),
    Kind("forgets idle TCP", plain.with { $0.lifetimes.tcpEstablished = .seconds(3) }),
    Kind("keeps ports, shares none", plain.with { $0.ports = .init(preservation: .preserving) }),
    Kind("overloads ports", plain.with { $0.ports = .init(preservation: .overloading) }),
    Kind(
      "ports in sequence",
      plain.with { $0.ports = .init(preservation: .none, order: .sequential) }),
    Kind("parity", plain.with { $0.ports = .init(preservation: .none, parity: true) }),
    Kind(
      "parity and contiguity",
      plain.with { $0.ports = .init(preservation: .none, parity: true, contiguity: true) }),
    Kind("pool, paired", plain, externals: 3),
    Kind("pool, arbitrary", plain.with { $0.pooling = .arbitrary }, externals: 3),
    Kind(
      "blocks of 32 ports that run out",
      plain.with { $0.ports = .init(preservation: .none, block: 32) }),
    Kind("rejects", plain.with { $0.unsolicited = .reject }),
    Kind("resets", plain.with { $0.unsolicited = .reset }),
    series("home router behind a carrier's", plain, Self.brisk(.carrierGrade)),
    series(
      "full cone behind a symmetric one", plain.with { $0.filtering = .endpointIndependent },
      Self.brisk(.symmetric)),
    Kind("hairpin", router { $0.hairpin = true }),
    Kind("rejects", router { $0.refusal = .reject }),
    Kind("forgets after a second", router { ($0.udpIdleSeconds, $0.udpUnrepliedSeconds) = (1, 1) }),
  ]

  static func router(_ change: (inout LinuxRouter) -> Void) -> LinuxRouter {
    var router = LinuxRouter()
    (router.udpIdleSeconds, router.udpUnrepliedSeconds) = (3, 3)
    change(&router)
    return router
  }

  /// Two boxes: what is true of both is the stricter of the two, ports are those of the outer one.
  private static func series(_ name: String, _ inner: NAT.Behavior, _ outer: NAT.Behavior) -> Kind {
    let both = outer.with {
      $0.mapping = stricter(inner.mapping, outer.mapping)
      $0.filtering = stricter(inner.filtering, outer.filtering)
    }
    var kind = Kind(name, both, sockets: 0)
    kind.box = .model([inner, outer])
    return kind
  }

  private static func stricter(_ one: NAT.Dependence, _ other: NAT.Dependence) -> NAT.Dependence {
    NAT.Dependence.allCases.last { $0 == one || $0 == other } ?? one
  }
}

extension NAT.Behavior {
  func with(_ change: (inout NAT.Behavior) -> Void) -> NAT.Behavior {
    var behavior = self
    change(&behavior)
    return behavior
  }
}
