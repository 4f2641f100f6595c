package import NetworkModel
import SansIO
package import Scenario

// The scenario's plain values as the network model's. The words are the same on both sides; chances are
// percent
// there and fractions here.

extension NetworkModel.Link.Conditions {
  init(_ plan: Scenario.Link.Conditions) {
    self.init(
      delay: .milliseconds(of: plan.delayMs), jitter: .milliseconds(of: plan.jitterMs),
      loss: .init(plan.loss),
      bitsPerSecond: plan.bitsPerSecond.map { UInt64(max(1, min($0, 1e15))) }, queueBytes: plan.queueBytes,
      reorder: plan.reorderPercent / 100, reorderDelay: .milliseconds(of: plan.reorderDelayMs),
      duplicate: plan.duplicatePercent / 100, corrupt: plan.corruptPercent / 100, mtu: plan.mtu,
      hidesMTU: plan.hidesMTU)
  }
}

extension NetworkModel.Link.Loss {
  init(_ plan: Scenario.Link.Loss) {
    switch plan {
    case .none: self = .none
    case .independent(let percent): self = .independent(percent / 100)
    case .bursts(let toBad, let toGood, let lossWhenBad, let lossWhenGood):
      self = .bursts(
        GilbertElliott(
          toBad: toBad / 100, toGood: toGood / 100, lossWhenGood: lossWhenGood / 100,
          lossWhenBad: lossWhenBad / 100))
    }
  }
}

extension NetworkModel.NAT.Behavior {
  package init(_ plan: Scenario.NAT) {
    self.init(
      mapping: .init(plan.mapping), filtering: .init(plan.filtering),
      ports: .init(
        preservation: .init(plan.preservation), order: plan.order == .random ? .random : .sequential,
        parity: plan.keepsParity, contiguity: plan.keepsContiguity, block: plan.portBlock),
      pooling: plan.pooling == .paired ? .paired : .arbitrary, hairpin: .init(plan.hairpin),
      lifetimes: .init(
        udp: .milliseconds(of: plan.udpIdleMs),
        udpUnreplied: plan.udpUnrepliedMs.map { .milliseconds(of: $0) },
        tcpTransitory: .milliseconds(of: plan.tcpTransitoryMs),
        tcpEstablished: .milliseconds(of: plan.tcpEstablishedMs), icmp: .milliseconds(of: plan.icmpIdleMs),
        absolute: plan.absoluteLifetimeMs.map { .milliseconds(of: $0) }),
      refresh: .init(plan.refresh), unsolicited: .init(plan.unsolicited))
  }
}

extension NetworkModel.NAT.Dependence {
  init(_ plan: Scenario.NAT.Dependence) {
    switch plan {
    case .endpointIndependent: self = .endpointIndependent
    case .addressDependent: self = .addressDependent
    case .addressAndPortDependent: self = .addressAndPortDependent
    }
  }
}

extension NetworkModel.NAT.Ports.Preservation {
  fileprivate init(_ plan: Scenario.NAT.Preservation) {
    switch plan {
    case .none: self = .none
    case .preserving: self = .preserving
    case .overloading: self = .overloading
    }
  }
}

extension NetworkModel.NAT.Hairpin {
  fileprivate init(_ plan: Scenario.NAT.Hairpin) {
    switch plan {
    case .none: self = .none
    case .internalSource: self = .internalSource
    case .externalSource: self = .externalSource
    }
  }
}

extension NetworkModel.NAT.Refresh {
  fileprivate init(_ plan: Scenario.NAT.Refresh) {
    switch plan {
    case .outbound: self = .outbound
    case .inbound: self = .inbound
    case .both: self = .both
    }
  }
}

extension NetworkModel.NAT.Unsolicited {
  fileprivate init(_ plan: Scenario.NAT.Unsolicited) {
    switch plan {
    case .drop: self = .drop
    case .reject: self = .reject
    case .reset: self = .reset
    }
  }
}

extension NetworkModel.Firewall.Policy {
  init(_ plan: Scenario.Firewall) {
    // The model's rule has one range of ports; a rule of several ports becomes several rules of one name.
    let rules = plan.rules.flatMap { rule in
      let ports: [ClosedRange<UInt16>?] =
        rule.ports.isEmpty ? [nil] : rule.ports.compactMap { UInt16(exactly: $0) }.map { $0...$0 }
      return ports.map { range in
        NetworkModel.Firewall.Rule(
          rule.name, .init(rule.action), rule.direction.map { $0 == .inbound ? .inbound : .outbound },
          transport: rule.transport.map { .init($0) }, remotePorts: range)
      }
    }
    self.init(rules: rules, inbound: .init(plan.inbound), outbound: .init(plan.outbound))
  }
}

extension NetworkModel.Firewall.Action {
  fileprivate init(_ plan: Scenario.Firewall.Action) {
    switch plan {
    case .allow: self = .allow
    case .drop: self = .drop
    case .reject: self = .reject
    case .reset: self = .reset
    }
  }
}

extension NetworkModel.Transport {
  fileprivate init(_ plan: Scenario.Transport) {
    switch plan {
    case .tcp: self = .tcp
    case .udp: self = .udp
    case .icmp: self = .icmp
    }
  }
}

extension Duration {
  /// Fractions count, to the nanosecond.
  static func milliseconds(of value: Double) -> Duration {
    .nanoseconds(Int64(max(0, min(value, 1e12)) * 1e6))
  }
}
