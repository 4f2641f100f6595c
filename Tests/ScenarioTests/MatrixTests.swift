import NetworkModel
import SansIO
import Scenario
import Testing
import Verdict

@testable import meshsim

@Suite struct MatrixTests {
  private let matrix = Matrix()

  @Test func allKindsMeetAllOthersOnBothSides() {
    #expect(matrix.kinds.count == 16 && Set(matrix.kinds.map(\.name)).count == 16)
    #expect(matrix.pairs.count == 256)
    let plan = matrix.plan(seed: 3)
    #expect(plan.mistakes.isEmpty && plan.seed == 3)
    #expect(plan.expectations.count == 256)
    let sends = plan.allSteps.filter { if case .send = $0.action { true } else { false } }
    #expect(Set(sends.map(\.action.words)).count == 256, "each pair talks once")
  }

  @Test func whatIsForetold() {
    func outlook(_ left: String, _ right: String) -> HolePunch.Outlook? {
      guard let left = matrix.kinds.firstIndex(where: { $0.name == left }),
        let right = matrix.kinds.firstIndex(where: { $0.name == right })
      else { return nil }
      return matrix.outlook(of: .init(left: left, right: right))
    }
    #expect(outlook("linux", "EIM APDF RST") == .bothWays)
    #expect(outlook("APDM APDF", "EIM ADF RST") == .oneWay(from: .left))
    #expect(outlook("linux", "ADM ADF") == .impossible(.unknown(.right)))
    #expect(outlook("APDM ADF RST", "ADM APDF") == .impossible(.bothUnknown))
  }

  /// Two kinds, home and symmetric, and a trace of what nodes said.
  private func cells(
    _ events: (host: String, type: String, fields: KeyValuePairs<String, String>)...
  ) -> (Matrix, [Matrix.Cell]) {
    let matrix = Matrix([
      MatrixKind(name: "home", nat: .homeRouter), MatrixKind(name: "symmetric", nat: .symmetric),
    ])
    var trace = Trace(plan: matrix.plan(seed: 1), began: .zero, ended: .zero)
    trace.events = events.enumerated().map { number, event in
      NodeEvent(event.host, number, at: .zero, event.type, event.fields)
    }
    return (matrix, matrix.cells(of: trace))
  }

  private static let reason = "our router gives us another port for each destination, and so on"

  @Test func aPairIsExplainedByItsOutcomeAndAReasonThatFits() {
    let (matrix, cells) = cells(
      ("left1", "holepunch", ["peerId": "right1", "outcome": "succeeded", "attempt": "2"]),
      ("right1", "connection.opened", ["peerId": "left1", "path": "direct"]),
      ("right2", "holepunch", ["peerId": "left1", "outcome": "failed", "reason": Self.reason]),
      ("left2", "holepunch", ["peerId": "right1", "outcome": "failed", "reason": "no packet"]),
      ("left2", "connection.opened", ["peerId": "right2", "path": "direct"]))
    #expect(cells.map(\.isDirect) == [true, false, false, true])
    #expect(cells.map(\.isExplained) == [true, true, false, false])
    #expect(cells[0].attempt == "2" && cells[1].reason == Self.reason && cells[2].reason == "no packet")
    let text = matrix.text(cells)
    #expect(text.contains("  1  home       ●  ○"), "\(text)")
    #expect(text.contains("  2  symmetric  ✗  ✗"), "\(text)")
    #expect(
      text.contains("✗ symmetric × home: relayed, “no packet”; foretold relayed: nobody can know the left's"))
    #expect(text.hasSuffix("2 of 4 pairs as foretold, 2 unexplained"))
    #expect(matrix.json(cells).text.contains("\"unexplained\":2"))
  }

  @Test func aPairWithoutAReasonIsNotExplained() {
    let (_, cells) = cells()
    #expect(cells.map(\.isExplained) == [false, false, false, false])
  }
}

@Suite struct FigureTests {
  @Test(arguments: [(0.5, 2.0), (0.75, 3), (0.95, 4), (1, 4), (0, 1)])
  func quantilesAreValuesThatWereMeasured(share: Double, value: Double) {
    #expect([1.0, 2, 3, 4].quantile(share) == value)
  }

  @Test func ofNothingAndOfOne() {
    #expect([Double]().quantile(0.95) == 0)
    #expect([7.0].quantile(0.95) == 7)
  }
}
