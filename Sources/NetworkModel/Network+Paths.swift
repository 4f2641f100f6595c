import SansIO

// From an interface up its link, over segments and through routers, down another's link.
//
// Every link goes through `schedule`, even one without delay, which bounds how deep calls nest.
extension Network {
  /// A packet leaves a host.
  mutating func enter(_ packet: consuming Packet, from index: Int) {
    let segment = interfaces[index].place.segment.rawValue
    let source = packet.source
    let destination = packet.destination
    let view = FlowTable.View(
      interface: Int32(index), transport: packet.transport, local: source, remote: destination)
    let tag =
      flows.tag(view, at: now.nanoseconds)
      ?? flows.begin(
        view, host: interfaces[index].host, hostName: hosts[Int(interfaces[index].host)],
        peer: peerName(destination.address, on: segment), at: now.nanoseconds)
    let transit = Transit(packet: packet, tag: tag, origin: Int32(index))
    if let rule = interfaces[index].refusal { return die(transit, rule, at: interfaces[index].label) }
    if transit.packet.isLinkHousekeeping { return die(transit, .housekeeping, at: interfaces[index].label) }
    guard interfaces[index].maySend(from: source.address) else {
      return die(transit, .foreignSource, at: interfaces[index].label)
    }
    send(transit, .up(index), towards: .segment(segment, from: .interface(index)))
  }

  /// Whom an address belongs to, as seen from a segment: for a flow's name.
  private func peerName(_ address: Address, on segment: Int) -> String {
    if address.isMulticast || address == .broadcast { return "\(address)" }
    let owner =
      segments[segment].owners[address] ?? segments[0].owners[address] ?? segments[0].routes[address]
    switch owner {
    case .interface(let index): return hosts[Int(interfaces[index].host)]
    case .routerInside(let index), .routerOutside(let index): return routers[index].name
    case .nameService: return "name-service"
    case nil: return "\(address)"
    }
  }

  /// A link of the network.
  enum Way {
    case up(Int)
    case down(Int)
    case routerUp(Int)
    case routerDown(Int)
  }

  /// Puts a packet on a link.
  mutating func send(_ transit: consuming Transit, _ way: Way, towards hop: Hop) {
    let bytes = transit.packet.bytes.count
    if let rule = refusal(of: way) { return die(transit, rule, at: label(of: way)) }
    let outcome =
      switch way {
      case .up(let index): interfaces[index].up.send(transit.tag.packet, bytes: bytes, at: now)
      case .down(let index): interfaces[index].down.send(transit.tag.packet, bytes: bytes, at: now)
      case .routerUp(let index): routers[index].up.send(transit.tag.packet, bytes: bytes, at: now)
      case .routerDown(let index): routers[index].down.send(transit.tag.packet, bytes: bytes, at: now)
      }
    switch outcome {
    case .died(let rule):
      die(transit, rule, at: label(of: way))
      if rule == .tooBig { reportTooBig(transit, way) }
    case .carried(let fate):
      if let duplicate = fate.duplicate {
        var copy = copy transit
        copy.tag.packet = copy.tag.packet.copy
        schedule(copy, hop, at: duplicate)
      }
      if let corruption = fate.corruption { transit.packet.flipBit(corruption) }
      schedule(transit, hop, at: fate.arrival)
    }
  }

  /// Hosts' own links have been asked before.
  private func refusal(of way: Way) -> Rule? {
    switch way {
    case .up, .down: nil
    case .routerUp(let index), .routerDown(let index):
      routers[index].isUp ? routers[index].isSilent ? .signalLost : nil : .linkDown
    }
  }

  private func label(of way: Way) -> String {
    switch way {
    case .up(let index): interfaces[index].upLabel
    case .down(let index): interfaces[index].downLabel
    case .routerUp(let index): routers[index].upLabel
    case .routerDown(let index): routers[index].downLabel
    }
  }

  /// One step of a packet's way.
  mutating func follow(_ transit: consuming Transit, _ hop: Hop) {
    switch hop {
    case .segment(let segment, let from): cross(transit, segment, from: from)
    case .towards(let attachment): reach(transit, attachment)
    case .interface(let index, let epoch): arrive(transit, index, epoch)
    case .router(let index, let fromInside): enterRouter(transit, index, fromInside: fromInside)
    }
  }

  private mutating func reach(_ transit: consuming Transit, _ attachment: Attachment) {
    switch attachment {
    case .interface(let index): approach(transit, index)
    case .routerInside(let index): enterRouter(transit, index, fromInside: true)
    case .routerOutside(let index):
      send(transit, .routerDown(index), towards: .router(index, fromInside: false))
    case .nameService: serve(transit)
    }
  }

  /// Over a segment to whoever has the address, or to all.
  mutating func cross(_ transit: consuming Transit, _ index: Int, from: Attachment) {
    let destination = transit.packet.destinationAddress
    if destination.isMulticast || destination == .broadcast {
      return replicate(transit, on: index, from: from)
    }
    guard let next = segments[index].next(to: destination), next != from else {
      die(transit, index == 0 ? .nobodyThere : .noRoute, at: segments[index].name)
      return
    }
    guard index == 0 else { return reach(transit, next) }
    if destination.isLinkLocal { return die(transit, .linkLocalOnly, at: segments[0].name) }
    let latency = latency(from: from, to: next)
    if latency == 0 { return reach(transit, next) }
    schedule(transit, .towards(next), at: Instant(nanoseconds: now.nanoseconds.saturatingAdd(latency)))
  }

  /// The name service is in every region.
  private func latency(from: Attachment, to: Attachment) -> UInt64 {
    guard let near = region(of: from) ?? region(of: to) else { return 0 }
    return regionLatency[near][region(of: to) ?? near]
  }

  private func region(of attachment: Attachment) -> Int? {
    switch attachment {
    case .interface(let index): interfaces[index].place.region
    case .routerOutside(let index): routers[index].outside.region
    case .routerInside, .nameService: nil
    }
  }

  private mutating func replicate(_ transit: consuming Transit, on index: Int, from: Attachment) {
    if segments[index].isInternet {
      return die(transit, .multicastNotRouted, at: segments[index].name)
    }
    var isHeard = false
    for member in segments[index].members where member != from {
      guard case .interface(let receiver) = member else { continue }
      // Each receiver's link has its own seed, so the copies' fates are their own.
      approach(copy transit, receiver)
      isHeard = true
    }
    if !isHeard { die(transit, .multicastUnheard, at: segments[index].name) }
  }

  /// At the near end of a host's access link.
  private mutating func approach(_ transit: consuming Transit, _ index: Int) {
    if transit.origin >= 0, !cuts.isEmpty {
      let from = interfaces[Int(transit.origin)].host
      if cuts.contains(Cut(from: from, to: interfaces[index].host)) {
        return die(transit, .partitioned, at: interfaces[index].label)
      }
    }
    if let rule = interfaces[index].refusal { return die(transit, rule, at: interfaces[index].label) }
    send(transit, .down(index), towards: .interface(index, epoch: interfaces[index].epoch))
  }

  private mutating func arrive(_ transit: consuming Transit, _ index: Int, _ epoch: UInt32) {
    if interfaces[index].epoch != epoch { return die(transit, .interfaceMoved, at: interfaces[index].label) }
    if let rule = interfaces[index].refusal { return die(transit, rule, at: interfaces[index].label) }
    let view = FlowTable.View(
      interface: Int32(index), transport: transit.packet.transport, local: transit.packet.destination,
      remote: transit.packet.source)
    flows.note(view, of: transit.tag, at: now.nanoseconds)
    deliver(transit, to: index)
  }
}
