// What behaviours promise, and how promises and measurements are compared.

import NetworkModel
import SansIO
import Testing

@testable import Certify

@Suite struct ProfileTests {
  @Test func `the words of the nine cells`() {
    for cell in Kind.Cell.all {
      let profile = Profile(of: Catalogue.behavior(of: cell))
      #expect(profile[.udpMapping] == cell.mapping.words && profile[.tcpMapping] == cell.mapping.words)
      #expect(
        profile[.udpFiltering] == cell.filtering.words && profile[.tcpFiltering] == cell.filtering.words)
    }
    #expect(Set(Catalogue.cells.map(\.declared)).count == 9)
    #expect(Set(Catalogue.kernelCells.map(\.declared)).count == 9)
  }

  @Test(arguments: [
    (1, "0.5 s to 1.5 s"), (2, "1.5 s to 2.5 s"), (3, "2.5 s to 3.5 s"), (4, "3.5 s to 4.5 s"),
    (300, "over 4.5 s"), (0, "under 0.5 s"),
  ])
  func `a lifetime in the words of a prober`(seconds: Int, words: String) {
    #expect(Lifetime.words(firstDead: Lifetime.firstDead(.seconds(seconds))) == words)
  }

  @Test func `a nudged mapping dies before the look unless the nudge has refreshed it`() throws {
    for lifetime in [2, 3, 4].map({ Duration.seconds($0) }) {
      let firstDead = try #require(Lifetime.firstDead(lifetime))
      let nudge = try #require(Lifetime.nudge(firstDead: firstDead))
      #expect(nudge.at < lifetime && nudge.look > lifetime + .milliseconds(500))
      #expect(nudge.look < nudge.at + lifetime - .milliseconds(400))
    }
    #expect(Lifetime.nudge(firstDead: 1) == nil)
    #expect(Lifetime.nudge(firstDead: nil) == nil)
  }

  @Test func `hairpinning is promised only where its own filter lets it through`() {
    func hairpin(_ mapping: NAT.Dependence, _ filtering: NAT.Dependence, isFiltered: Bool = true) -> String? {
      Profile(of: .init(mapping: mapping, filtering: filtering), isHairpinFiltered: isFiltered)[.hairpin]
    }
    #expect(hairpin(.endpointIndependent, .addressAndPortDependent) == "external source")
    #expect(hairpin(.addressDependent, .endpointIndependent) == "external source")
    #expect(hairpin(.addressDependent, .addressDependent) == "none")
    #expect(hairpin(.addressDependent, .addressDependent, isFiltered: false) == "external source")
  }

  @Test func `a block is seen by whoever opens more sockets than it has ports`() {
    let behavior = NAT.Behavior(ports: .init(preservation: .none, block: 32))
    #expect(Profile(of: behavior, sockets: 64)[.block] == "32")
    #expect(Profile(of: behavior, sockets: 16)[.block] == "no limit")
    #expect(Profile(of: behavior)[.block] == nil)
  }

  @Test func `every difference is a finding, in the order of the properties`() {
    let declared = Profile(of: .init(), sockets: 64)
    #expect(declared.findings(in: declared) == [])
    let other = Profile(of: .init(filtering: .addressDependent, unsolicited: .reset), sockets: 64)
    #expect(
      declared.findings(in: other).map(\.property) == [
        .udpFiltering, .tcpFiltering, .unsolicited, .simultaneousOpen,
      ])
    #expect(
      "\(declared.findings(in: other)[0])"
        == "UDP filtering: declared address and port-dependent, measured address-dependent")
  }

  @Test func `what was not measured is a finding, what was not declared is none`() {
    let declared = Profile(of: .init())
    #expect(declared.findings(in: Profile()).allSatisfy { $0.measured == nil })
    #expect(declared.findings(in: Profile()).isEmpty == false)
    #expect(Profile().findings(in: declared) == [])
  }

  @Test func `every broken NAT differs from what it declares in the property it is broken in`() {
    #expect(Broken.all.count >= 10)
    for kind in Broken.all {
      guard let flaw = kind.flaw else { continue }
      #expect(kind.declared.findings(in: flaw.built).contains { $0.property == flaw.property })
      #expect(kind.isCaught(flaw.built))
      #expect(!kind.isCaught(kind.declared), "\(kind.name) gets away as what it declares")
    }
  }

  @Test func `broken NATs cover every property that is a behaviour of its own`() {
    let covered = Set(Broken.all.compactMap { $0.flaw?.property })
    #expect(Set(Property.allCases).subtracting(covered) == [.tcpPorts, .coverage])
  }

  @Test func `only a kernel that hashes ports may leave a socket without one`() {
    for kind in Catalogue.all where kind.flaw == nil {
      let mayMiss = kind.world == .kernel && kind.declared[.ports] == "not preserved"
      #expect(kind.declared[.coverage] == (mayMiss ? nil : "all"))
    }
  }
}
