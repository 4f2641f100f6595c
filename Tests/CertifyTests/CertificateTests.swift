// What a certificate says, from results that are made up.

import Lab
import NetworkModel
import Testing

@testable import Certify

private func certificate(_ results: [Certificate.Result]) -> Certificate {
  Certificate(results: results, health: Health(), duration: .milliseconds(12_345))
}

/// Everybody as built.
private func honest(_ kind: Kind) -> Certificate.Result {
  Certificate.Result(kind, .profile(kind.flaw?.built ?? kind.declared))
}

@Suite struct CertificateTests {
  @Test func `all as built: everything is as declared and every broken one is caught`() {
    let certificate = certificate(Catalogue.all.map(honest))
    #expect(certificate.isPassed)
    #expect(certificate.caught.count == Broken.all.count)
    #expect(
      certificate.text.contains("48 of 48 kinds behave as declared, caught 28 of 28 broken ones, in 12.3 s"))
    #expect(!certificate.text.contains("not as expected"))
    #expect(certificate.text.split(separator: "\n").allSatisfy { $0.count <= 80 })
  }

  @Test func `the table has nine cells for each transport, model and kernel`() {
    let lines = certificate(Catalogue.all.map(honest)).text.split(separator: "\n")
    #expect(lines[0] == "UDP: model, kernel")
    #expect(lines.count { $0.hasSuffix("yes, yes") } == 6)
    let cells = lines.joined().split(separator: " ").count { $0.hasPrefix("yes,") }
    #expect(cells == 18)
  }

  @Test func `a kind that differs fails, with the finding in words`() {
    var profile = Catalogue.cells[0].declared
    profile[.udpFiltering] = "address-dependent"
    let certificate = certificate([
      .init(Catalogue.cells[0], .profile(profile)), honest(Catalogue.kernelCells[0]),
    ])
    #expect(!certificate.isPassed)
    #expect(certificate.text.contains("NO, yes"))
    #expect(
      certificate.text.contains("UDP filtering: declared endpoint-independent, measured address-dependent"))
    #expect(certificate.text.contains("1 of 2 kinds"))
  }

  @Test func `a broken one that behaves as it declares has got away`() {
    let kind = Broken.all[0]
    let certificate = certificate([.init(kind, .profile(kind.declared))])
    #expect(!certificate.isPassed)
    #expect(certificate.text.contains("NOT CAUGHT"))
    #expect(certificate.text.contains("nothing was found"))
    #expect(certificate.text.contains("caught 0 of 1"))
  }

  @Test func `a broken one with another fault beside is not what was to be caught`() throws {
    let kind = Broken.all[0]
    var profile = try #require(kind.flaw?.built)
    profile[.hairpin] = "none"
    let certificate = certificate([.init(kind, .profile(profile))])
    #expect(!certificate.isPassed)
    #expect(certificate.text.contains("beside its flaw: hairpin: declared external source, measured none"))
  }

  @Test func `a prober that fails certifies nothing`() {
    let certificate = certificate([.init(Catalogue.presets[0], .failed("the prober exited with status 1"))])
    #expect(!certificate.isPassed)
    #expect(certificate.text.contains("model, home router: the prober exited with status 1"))
  }

  @Test func `the same as JSON`() {
    let json = certificate([honest(Catalogue.cells[0]), honest(Broken.all[0])]).json
    #expect(json.hasPrefix("{\"broken\":[{"))
    #expect(json.contains("\"passed\":true") && json.contains("\"caught\":1"))
    #expect(json.contains("\"UDP mapping\":\"endpoint-independent\""))
    #expect(json.contains("\"flaw\":\"UDP mapping\""))
    #expect(!json.contains("\n"))
  }
}
