import Lab
import NetworkModel
import Scenario

// Steps that change the network while it runs.
extension Performance {
  func change(_ action: Plan.Action) throws {
    let layout = stage.peek { $0.layout }
    switch action {
    case .loseSignal(let host): try silence(host, true, layout)
    case .regainSignal(let host): try silence(host, false, layout)
    case .unplug(let host): try plug(host, false, layout)
    case .plug(let host): try plug(host, true, layout)
    case .move(let host, let lan, let link): try move(host, to: lan, link)
    case .changeLink(let host, let link):
      guard let interface = layout.interfaces[host] else { return }
      let (up, down) = (Link.Conditions(link.up), Link.Conditions(link.down))
      try laboratory.fabric.change { network, now in
        network.setLink(of: interface, up: up, down: down, at: now)
      }
    case .changeUplink(let lan, let link):
      let (up, down) = (Link.Conditions(link.up), Link.Conditions(link.down))
      switch layout.gates[lan] {
      case .model(let router)?:
        try laboratory.fabric.change { network, now in
          network.setLink(of: router, up: up, down: down, at: now)
        }
      case .linux(_, let wan, _, _)?:
        try laboratory.fabric.change { network, now in network.setLink(of: wan, up: up, down: down, at: now) }
      case nil: throw StageError("\(lan) has no router")
      }
    case .partition(let name, let groups):
      stage.withLock { $0.partitions.append((name, groups)) }
      try cut(groups)
    case .heal(let name):
      let rest = stage.withLock { state in
        state.partitions.removeAll { $0.name == name }
        return state.partitions
      }
      try laboratory.fabric.change { network, now in network.heal(at: now) }
      for partition in rest { try cut(partition.groups) }
    case .reboot(let lan): try reboot(lan, layout)
    case .renumber(let lan): try renumber(lan, layout)
    default: break
    }
  }

  private typealias Link = NetworkModel.Link

  private func silence(_ host: String, _ isSilent: Bool, _ layout: Layout.Changing) throws {
    guard let interface = layout.interfaces[host] else { return }
    try laboratory.fabric.change { network, now in network.setSilent(isSilent, interface, at: now) }
  }

  private func plug(_ host: String, _ isUp: Bool, _ layout: Layout.Changing) throws {
    guard let interface = layout.interfaces[host] else { return }
    try laboratory.fabric.change { network, now in network.setUp(isUp, interface, at: now) }
    try laboratory.host(host).setLink("net0", isUp: isUp)
  }

  private func move(_ host: String, to lan: String?, _ link: Scenario.Link?) throws {
    let (interface, seat, place) = stage.withLock { state in state.layout.move(host, to: lan, plan) }
    guard let interface else { return }
    let addresses = seat.all
    let up = link.map { Link.Conditions($0.up) }
    let down = link.map { Link.Conditions($0.down) }
    try laboratory.fabric.change { network, now in
      network.move(interface, to: place, addresses: addresses, at: now)
      if up != nil || down != nil { network.setLink(of: interface, up: up, down: down, at: now) }
      network.setName(host, to: addresses.filter { !$0.isLinkLocal }, at: now)
    }
    try laboratory.host(host).readdress("net0", addresses: seat.addresses, routes: Route.everything)
  }

  private func cut(_ groups: [[String]]) throws {
    let whole = groups.map { group in
      group
        + plan.lans.filter { lan in plan.hosts.contains { $0.lan == lan.name && group.contains($0.name) } }
        .map { $0.name + Layout.routerSuffix }
    }
    try laboratory.fabric.change { network, now in
      for (index, one) in whole.enumerated() {
        for other in whole[(index + 1)...] { network.partition(one, from: other, at: now) }
      }
    }
  }

  private func reboot(_ lan: String, _ layout: Layout.Changing) throws {
    switch layout.gates[lan] {
    case .model(let router)?:
      try laboratory.fabric.change { network, now in network.reboot(router, at: now) }
    case .linux(let name, _, let router, let external)?:
      try router.apply(to: name, external: external, in: laboratory)
    case nil: throw StageError("\(lan) has no router")
    }
  }

  private func renumber(_ lan: String, _ layout: Layout.Changing) throws {
    let addresses = stage.withLock { $0.layout.renumber(lan, plan) }
    switch layout.gates[lan] {
    case .model(let router)?:
      try laboratory.fabric.change { network, now in network.renumber(router, to: addresses, at: now) }
    case .linux(let name, let wan, let router, _)?:
      let place = layout.place(ofRouter: lan, plan)
      try laboratory.fabric.change { network, now in
        network.move(wan, to: place, addresses: [addresses[0]], at: now)
      }
      try laboratory.host(name).readdress(
        LinuxRouter.outside, addresses: [InterfaceAddress(addresses[0], prefixLength: 32)],
        routes: Route.everything)
      try router.apply(to: name, external: addresses[0], in: laboratory)
    case nil: throw StageError("\(lan) has no router")
    }
  }
}
