package import Lab
package import NetworkModel

/// A NAT to be certified: what it is made of, and what it says of itself.
package struct Kind: Sendable {
  package enum World: String, Sendable, CaseIterable, Codable {
    case model
    /// A namespace that routes, with nftables.
    case kernel
  }

  package enum Box: Sendable {
    /// In series, from the LAN to the internet.
    case model([NAT.Behavior])
    case kernel(LinuxRouter)
  }

  /// One of the nine.
  package struct Cell: Hashable, Sendable {
    package let mapping: NAT.Dependence
    package let filtering: NAT.Dependence

    package static let all = NAT.Dependence.allCases.flatMap { mapping in
      NAT.Dependence.allCases.map { Cell(mapping: mapping, filtering: $0) }
    }
  }

  /// What a NAT was broken in on purpose.
  package struct Flaw: Sendable {
    /// By which it must be caught.
    package let property: Property
    /// As it was built: all other differences must follow from the same flaw.
    package let built: Profile
  }

  package var name: String
  package var box: Box
  package var declared: Profile
  package var cell: Cell?
  package var flaw: Flaw?
  package var externals = 1
  /// How many sockets the prober opens to find the end of a port block; 0: none.
  package var sockets = 0

  package var world: World {
    switch box {
    case .model: .model
    case .kernel: .kernel
    }
  }

  /// One modelled box that does what it declares.
  package init(_ name: String, _ behavior: NAT.Behavior, externals: Int = 1, sockets: Int = 64) {
    self.name = name
    box = .model([behavior])
    self.externals = externals
    self.sockets = sockets
    declared = Profile(of: behavior, externals: externals, sockets: sockets)
  }

  /// A kernel that does what it declares.
  package init(_ name: String, _ router: LinuxRouter) {
    self.name = name
    box = .kernel(router)
    declared = Profile(of: router)
  }

  /// What a measured profile says against this kind.
  package func findings(in measured: Profile) -> [Finding] { declared.findings(in: measured) }

  /// Whether a broken one was caught by the right finding, and is otherwise what it was built as.
  package func isCaught(_ measured: Profile) -> Bool {
    guard let flaw else { return false }
    return findings(in: measured).contains { $0.property == flaw.property }
      && flaw.built.findings(in: measured).isEmpty
  }
}

extension Profile {
  /// Linux as ``LinuxRouter`` makes it: ports that depend on the destination are a hash; the others are kept,
  /// and shared when they have to be.
  package init(of router: LinuxRouter) {
    let isKept = router.mapping == .endpointIndependent
    self.init(
      of: NAT.Behavior(
        mapping: router.mapping, filtering: router.filtering,
        ports: .init(preservation: isKept ? .overloading : .none),
        hairpin: router.hairpin ? .externalSource : .none,
        lifetimes: .init(
          udp: .seconds(router.udpIdleSeconds), udpUnreplied: .seconds(router.udpUnrepliedSeconds)),
        unsolicited: router.refusal == .reject ? .reject : .drop),
      isHairpinFiltered: false)
    // Two sockets may get the same of its thousand ports; towards one endpoint the later one is not heard.
    if !isKept { self[.coverage] = nil }
  }
}
