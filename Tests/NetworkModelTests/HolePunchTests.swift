import NetworkModel
import SansIO
import Testing

/// Nine cells, each with every answer to strangers, and the boxes that overload ports.
private let boxes: [NAT.Behavior] =
  NAT.Dependence.allCases.flatMap { mapping in
    NAT.Dependence.allCases.flatMap { filtering in
      [NAT.Unsolicited.drop, .reset, .reject].map { unsolicited in
        var box = NAT.Behavior.cell(mapping, filtering)
        box.unsolicited = unsolicited
        return box
      }
    }
  } + [.homeRouter] + NAT.Dependence.allCases.map { .cell($0, $0, ports: .init(preservation: .overloading)) }

/// Who acts first: by far, by little so that SYNs cross, together.
private let leads: [Duration] = [
  .milliseconds(500), .milliseconds(2), .zero, .milliseconds(-2), .milliseconds(-500),
]

@Suite struct HolePunchTests {
  @Test(arguments: boxes.indices)
  func `the outlook is what two SYNs through two boxes come to`(index: Int) {
    let left = boxes[index]
    for right in boxes {
      let punch = HolePunch(left, right)
      for lead in leads {
        var pair = PunchingPair(left, right)
        let tries = pair.punch(lead: lead, tries: 3)
        #expect(
          (tries != nil) == punch.outlook.isPossible && tries ?? 0 <= punch.triesMax,
          "\(left) and \(right), lead \(lead): connected in \(tries ?? 0), \(punch.outlook)")
      }
    }
  }

  @Test func `a second try is needed where it is foretold, and only there`() {
    var isNeeded = 0
    for left in boxes {
      for right in boxes where HolePunch(left, right).outlook.isPossible {
        let most = leads.compactMap { lead -> Int? in
          var pair = PunchingPair(left, right)
          return pair.punch(lead: lead, tries: 3)
        }.max()
        #expect(most == HolePunch(left, right).triesMax, "\(left) and \(right)")
        if most == 2 { isNeeded += 1 }
      }
    }
    #expect(isNeeded > 0)
  }

  @Test func `SYNs that cross need one try whatever boxes refuse`() {
    for left in boxes {
      for right in boxes where HolePunch(left, right).outlook.isPossible {
        var pair = PunchingPair(left, right)
        #expect(pair.punch(lead: .milliseconds(2), tries: 1) == 1, "\(left) and \(right)")
      }
    }
  }

  @Test func `a symmetric side that dials from its listening port spoils what its open filter lets in`() {
    let (symmetric, home) = (
      NAT.Behavior.cell(.addressAndPortDependent, .endpointIndependent), NAT.Behavior.homeRouter
    )
    var spoilt = PunchingPair(symmetric, home, dialsFromListeningPort: true)
    #expect(spoilt.punch(lead: .zero, tries: 3) == nil)
    var pair = PunchingPair(symmetric, home)
    #expect(pair.punch(lead: .zero, tries: 3) == 1)
  }

  @Test func `names people know`() {
    func outlook(_ left: NAT.Behavior, _ right: NAT.Behavior) -> HolePunch.Outlook {
      HolePunch(left, right).outlook
    }
    #expect(outlook(.homeRouter, .homeRouter) == .bothWays)
    #expect(outlook(.symmetric, .fullCone) == .oneWay(from: .left))
    #expect(outlook(.restrictedCone, .symmetric) == .oneWay(from: .right))
    #expect(outlook(.symmetric, .portRestrictedCone) == .impossible(.unknown(.left)))
    #expect(outlook(.homeRouter, .symmetric) == .impossible(.unknown(.right)))
    #expect(outlook(.symmetric, .hotel) == .impossible(.bothUnknown))
    #expect(outlook(.carrierGrade, .carrierGrade) == .bothWays)
  }

  @Test func `sides can be exchanged`() {
    func mirrored(_ outlook: HolePunch.Outlook) -> HolePunch.Outlook {
      switch outlook {
      case .bothWays, .impossible(.bothUnknown): outlook
      case .oneWay(let side): .oneWay(from: side.other)
      case .impossible(.unknown(let side)): .impossible(.unknown(side.other))
      }
    }
    for left in boxes {
      for right in boxes {
        #expect(HolePunch(left, right).outlook == mirrored(HolePunch(right, left).outlook))
      }
    }
  }
}
