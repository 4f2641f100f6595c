import NetworkModel
import Scenario
import Stage

/// A NAT that stands in a row and a column of the matrix.
struct MatrixKind: Sendable {
  /// `EIM ADF`, after the terms of RFC 4787; `RST` where strangers are answered with one.
  let name: String
  let nat: Scenario.NAT

  /// As the network model knows it.
  var behavior: NetworkModel.NAT.Behavior { .init(nat) }

  /// The nine kinds; those of them that can refuse what comes to a known endpoint, refusing it; a real
  /// kernel.
  static let all: [MatrixKind] = cells + rejecting + [MatrixKind(name: "linux", nat: .linux)]

  private typealias Dependence = Scenario.NAT.Dependence

  private static let cells = Dependence.allCases.flatMap { mapping in
    Dependence.allCases.map { cell(mapping, $0) }
  }

  private static let rejecting = Dependence.allCases.flatMap { mapping in
    Dependence.allCases.filter { $0 != .endpointIndependent }.map { filtering in
      let cell = cell(mapping, filtering)
      return MatrixKind(name: "\(cell.name) RST", nat: cell.nat.with { $0.unsolicited = .reset })
    }
  }

  /// Who maps the same towards everybody keeps ports; who does not, cannot.
  private static func cell(_ mapping: Dependence, _ filtering: Dependence) -> MatrixKind {
    MatrixKind(
      name: "\(mapping.initials)M \(filtering.initials)F",
      nat: Scenario.NAT(mapping: mapping, filtering: filtering).with {
        $0.preservation = mapping == .endpointIndependent ? .preserving : .none
      })
  }
}

extension Scenario.NAT.Dependence {
  fileprivate var initials: String {
    switch self {
    case .endpointIndependent: "EI"
    case .addressDependent: "AD"
    case .addressAndPortDependent: "APD"
    }
  }
}
