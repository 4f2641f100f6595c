package import SansIO

// Routers: built, changed, and passed through.
extension Network {
  // MARK: Commands

  /// A box, attached on both sides; its LAN's gateway from now on.
  package mutating func addRouter(_ router: Router) -> RouterID {
    check(.lan(router.inside))
    let index = routers.count
    let externals = router.outsideAddresses.filter(\.isIPv4)
    let nat = router.nat.map { NAT($0, externals: externals, seed: Draw.seed(seed, "\(router.name)/nat")) }
    routers.append(
      RouterState(
        name: router.name, upLabel: "\(router.name)/up", downLabel: "\(router.name)/down",
        natLabel: "\(router.name)/nat", inside: router.inside.rawValue, outside: router.outside,
        insideAddresses: router.insideAddresses, outsideAddresses: router.outsideAddresses,
        prefixes: router.prefixes, translated: nat == nil ? [] : externals, nat: nat,
        firewall4: router.firewall4.map { Firewall($0) },
        firewall6: router.firewall6.map { Firewall($0) },
        up: Link(router.up, seed: Draw.seed(seed, "\(router.name)/up")),
        down: Link(router.down, seed: Draw.seed(seed, "\(router.name)/down"))))
    attach(.routerInside(index), to: .lan(router.inside), router.insideAddresses)
    if router.insideAddresses.contains(where: \.isIPv4) {
      segments[router.inside.rawValue].gateway4 = .routerInside(index)
    }
    if router.insideAddresses.contains(where: { !$0.isIPv4 }) {
      segments[router.inside.rawValue].gateway6 = .routerInside(index)
    }
    attachOutside(index)
    return RouterID(rawValue: index)
  }

  /// The box loses its power for an instant: NAT and firewall forget everything.
  package mutating func reboot(_ router: RouterID, at now: Instant) {
    check(router)
    advance(to: now)
    routers[router.rawValue].nat?.reboot()
    routers[router.rawValue].firewall4?.reboot()
    routers[router.rawValue].firewall6?.reboot()
  }

  /// The provider gives other addresses outside: every mapping is gone. At least one of IPv4 if there is a
  /// NAT.
  package mutating func renumber(_ router: RouterID, to addresses: [Address], at now: Instant) {
    check(router)
    advance(to: now)
    let index = router.rawValue
    segments[routers[index].outside.segment.rawValue].remove(.routerOutside(index))
    routers[index].outsideAddresses = addresses
    if routers[index].nat != nil {
      let externals = addresses.filter(\.isIPv4)
      routers[index].translated = externals
      routers[index].nat?.renumber(to: externals)
    }
    attachOutside(index)
  }

  /// New conditions for a router's uplink, in one direction or both.
  package mutating func setLink(
    of router: RouterID, up: Link.Conditions? = nil, down: Link.Conditions? = nil, at now: Instant
  ) {
    check(router)
    advance(to: now)
    if let up { routers[router.rawValue].up.conditions = up }
    if let down { routers[router.rawValue].down.conditions = down }
  }

  /// The router's uplink, which the hosts behind it cannot see.
  package mutating func setUp(_ isUp: Bool, _ router: RouterID, at now: Instant) {
    check(router)
    advance(to: now)
    routers[router.rawValue].isUp = isUp
  }

  /// Everything vanishes on the router's uplink, both ways.
  package mutating func setSilent(_ isSilent: Bool, _ router: RouterID, at now: Instant) {
    check(router)
    advance(to: now)
    routers[router.rawValue].isSilent = isSilent
  }

  private func check(_ router: RouterID) {
    precondition(routers.indices.contains(router.rawValue), "no router \(router.rawValue)")
  }

  private mutating func attachOutside(_ index: Int) {
    let outside = routers[index].outside
    attach(.routerOutside(index), to: outside, routers[index].outsideAddresses)
    for prefix in routers[index].prefixes {
      segments[outside.segment.rawValue].routes.insert(prefix, to: .routerOutside(index))
    }
  }

  // MARK: Passing through

  mutating func enterRouter(_ transit: consuming Transit, _ index: Int, fromInside: Bool) {
    let destination = transit.packet.destinationAddress
    let isForNAT = routers[index].translated.contains(destination)
    if !isForNAT, routers[index].owns(destination) {
      return serveOwn(transit, index, fromInside: fromInside)
    }
    if destination.isLinkLocal { return die(transit, .linkLocalOnly, at: routers[index].name) }
    guard transit.packet.spendHop() else {
      die(transit, .hopLimitReached, at: routers[index].name)
      return report(.timeExceeded, about: transit, index, toInside: fromInside)
    }
    if fromInside { leave(transit, index) } else { admit(transit, index, isForNAT: isForNAT) }
  }

  /// From inside to outside: the firewall sees what the host sent, then the NAT.
  private mutating func leave(_ transit: consuming Transit, _ index: Int) {
    let verdict = routers[index].check(transit.packet, .outbound, at: now)
    if verdict != .passes { return refuse(transit, verdict, index, toInside: true) }
    if transit.packet.isIPv4 {
      let flow = transit.tag.packet.flow
      let outcome = routers[index].translateOutbound(&transit.packet, flow: flow, at: now)
      switch outcome {
      case .translated: break
      case .hairpinned:
        return cross(transit, routers[index].inside, from: .routerInside(index))
      case .died(let rule):
        return refuse(transit, rule, routers[index].natLabel, index, toInside: true)
      }
    }
    let outside = routers[index].outside.segment.rawValue
    send(transit, .routerUp(index), towards: .segment(outside, from: .routerOutside(index)))
  }

  /// From outside to inside: the NAT, then the firewall, which sees the host it goes to.
  private mutating func admit(_ transit: consuming Transit, _ index: Int, isForNAT: Bool) {
    if isForNAT {
      let outcome = routers[index].translateInbound(&transit.packet, at: now)
      if case .died(let rule) = outcome {
        return refuse(transit, rule, routers[index].natLabel, index, toInside: false)
      }
    }
    let verdict = routers[index].check(transit.packet, .inbound, at: now)
    if verdict != .passes { return refuse(transit, verdict, index, toInside: false) }
    cross(transit, routers[index].inside, from: .routerInside(index))
  }

  // MARK: Saying no

  private mutating func refuse(
    _ transit: consuming Transit, _ verdict: Firewall.Verdict, _ index: Int, toInside: Bool
  ) {
    guard case .refused(let action, let name) = verdict else { return }
    die(transit, .firewall, at: "\(routers[index].name)/firewall (\(name))")
    switch action {
    case .allow, .drop: break
    case .reject: report(.prohibited, about: transit, index, toInside: toInside)
    case .reset: reset(transit, index, toInside: toInside)
    }
  }

  private mutating func refuse(
    _ transit: consuming Transit, _ rule: Rule, _ label: String, _ index: Int, toInside: Bool
  ) {
    die(transit, rule, at: label)
    if rule == .rejected { report(.portUnreachable, about: transit, index, toInside: toInside) }
    if rule == .reset { reset(transit, index, toInside: toInside) }
  }

  private mutating func report(
    _ report: Packet.Report, about transit: borrowing Transit, _ index: Int, toInside: Bool
  ) {
    let isIPv4 = transit.packet.isIPv4
    let own = toInside ? routers[index].insideAddresses : routers[index].outsideAddresses
    let destination = transit.packet.destinationAddress
    let source = own.contains(destination) ? destination : own.first { $0.isIPv4 == isIPv4 }
    guard let source, let error = Packet.icmpError(report, about: transit.packet, from: source) else {
      return
    }
    answer(error, to: transit, index, toInside: toInside)
  }

  private mutating func reset(_ transit: borrowing Transit, _ index: Int, toInside: Bool) {
    guard let reset = Packet.reset(answering: transit.packet) else { return }
    answer(reset, to: transit, index, toInside: toInside)
  }

  /// Sends a packet of the box's own, back to where another came from.
  private mutating func answer(
    _ packet: consuming Packet, to transit: borrowing Transit, _ index: Int, toInside: Bool
  ) {
    let answer = Transit(packet: packet, tag: transit.tag.answered, origin: -1)
    if toInside {
      cross(answer, routers[index].inside, from: .routerInside(index))
    } else {
      let outside = routers[index].outside.segment.rawValue
      send(answer, .routerUp(index), towards: .segment(outside, from: .routerOutside(index)))
    }
  }

  /// For one of the box's own addresses: it answers echo, and nothing else listens.
  private mutating func serveOwn(_ transit: consuming Transit, _ index: Int, fromInside: Bool) {
    if let reply = transit.packet.echoReply {
      return answer(reply, to: transit, index, toInside: fromInside)
    }
    die(transit, .noService, at: routers[index].name)
    switch transit.packet.transport {
    case .tcp: reset(transit, index, toInside: fromInside)
    case .udp: report(.portUnreachable, about: transit, index, toInside: fromInside)
    default: break
    }
  }

  // MARK: Links that are too small

  /// A router of the provider's, which speaks for links that have none of ours at their near end.
  static let core4 = Address(11, 0, 0, 1)
  static let core6 = Address(high: 0x2600_0053_0000_0000, low: 1)

  /// Path MTU discovery's message (RFC 1191, RFC 8201), to the sender of what did not fit.
  mutating func reportTooBig(_ transit: borrowing Transit, _ way: Way) {
    let core = transit.packet.isIPv4 ? Self.core4 : Self.core6
    let mtu: Int?
    let hop: Hop
    switch way {
    case .up(let index):
      mtu = interfaces[index].up.conditions.mtu
      hop = .towards(.interface(index))
    case .down(let index):
      mtu = interfaces[index].down.conditions.mtu
      hop = .segment(interfaces[index].place.segment.rawValue, from: .interface(index))
    case .routerUp(let index):
      // As if it came from outside, so that it is translated back.
      mtu = routers[index].up.conditions.mtu
      hop = .router(index, fromInside: false)
    case .routerDown(let index):
      mtu = routers[index].down.conditions.mtu
      hop = .segment(routers[index].outside.segment.rawValue, from: .routerOutside(index))
    }
    guard let mtu, let error = Packet.icmpError(.tooBig(mtu: mtu), about: transit.packet, from: core) else {
      return
    }
    schedule(Transit(packet: error, tag: transit.tag.answered, origin: -1), hop, at: now)
  }
}
