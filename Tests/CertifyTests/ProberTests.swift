// The prober of UDP in virtual time, in front of every modelled NAT there is.

import NetworkModel
import SansIO
import Testing

@testable import Certify

@Suite struct ProberTests {
  @Test(arguments: modelKinds.filter { $0.flaw == nil })
  func `a sound one is measured as declared`(kind: Kind) {
    #expect(kind.findings(in: measured(kind)).aboutUDP == [])
  }

  @Test(arguments: modelKinds.filter { $0.flaw != nil })
  func `a broken one is measured as built, and differs from what it declares`(kind: Kind) throws {
    let flaw = try #require(kind.flaw)
    let measured = measured(kind)
    #expect(flaw.built.findings(in: measured).aboutUDP == [])
    let isVisible = !tcpProperties.contains(flaw.property)
    #expect(kind.findings(in: measured).contains { $0.property == flaw.property } || !isVisible)
  }

  @Test func `behind nothing at all, nothing is measured`() {
    var kind = Kind("silence", Catalogue.plain)
    kind.box = .model([])
    #expect(measured(kind) == Profile())
  }

  @Test func `ports are those of the seed`() {
    let kind = Kind("sequence", Catalogue.plain.with { $0.ports = .init(preservation: .none) })
    #expect(measured(kind) == measured(kind))
  }
}

extension Kind: CustomTestStringConvertible {
  /// For the list of what ran.
  public var testDescription: String { name }
}
