import SansIO

/// Knows each packet's flow, so that it can be named without its ports.
///
/// A flow begins with the first packet that an interface sends from one endpoint to another. When one of its
/// packets is delivered, the far end's view of the endpoints (which NATs have changed) is noted, so that the
/// answers belong to the same flow.
struct FlowTable: Sendable {
  struct Limits: Sendable {
    /// Views of flows kept. A node has tens of connections, a port scan 65,536.
    var viewsMax = 1 << 18
    /// How long a flow is remembered after its last packet, once room is needed.
    var idle: UInt64 = 600 * 1_000_000_000
  }

  /// A flow as one interface sees it.
  struct View: Hashable {
    let interface: Int32
    let transport: Transport
    let local: Endpoint
    let remote: Endpoint

    func hash(into hasher: inout Hasher) {
      let words = local.address.low &* 0x9E37_79B9_7F4A_7C15 ^ remote.address.low
      let more = local.address.high &* 0xD6E8_FEB8_6659_FD93 ^ remote.address.high
      let ports = UInt64(local.port) << 48 | UInt64(remote.port) << 32 | UInt64(UInt32(bitPattern: interface))
      hasher.combine(words ^ more ^ (ports &* 0xA076_1D64_78BD_642F))
    }
  }

  /// What every packet reads and writes, apart from what only a flow's first and last do.
  private struct Count: Sendable {
    let key: UInt64
    /// Sent by the one who began it, and by the other.
    var forwards: UInt64 = 0
    var backwards: UInt64 = 0
    var lastUse: UInt64
    var isLive = true
  }

  /// The view last noted at the far end, by direction: not to be looked up again.
  private struct Noted: Sendable {
    var forwards: View?
    var backwards: View?
  }

  private struct Entry {
    let flow: Int32
    let isForwards: Bool
  }

  /// Flows with the same words, of which the ordinal tells one from another.
  private struct Family: Hashable {
    let host: Int32
    let peer: String
    let transport: Transport
    let servicePort: UInt16
  }

  private let limits: Limits
  private var counts: [Count] = []
  private var names: [FlowName] = []
  private var noted: [Noted] = []
  private var free: [Int32] = []
  private var views: [View: Entry] = [:]
  private var ordinals: [Family: Int] = [:]
  /// When the last sweep found nothing idle, the next is not before this.
  private var sweepAgainAt: UInt64 = 0

  init(limits: Limits = .init()) {
    self.limits = limits
  }

  struct Tag: Sendable {
    /// -1 for packets of no flow.
    var flow: Int32
    var isForwards: Bool
    var packet: PacketName

    /// For what a box says about the packet, in the other direction.
    var answered: Tag {
      Tag(flow: flow, isForwards: !isForwards, packet: PacketName(flow: ~packet.flow, index: packet.index))
    }
  }

  func name(_ flow: Int32) -> FlowName? {
    flow >= 0 && Int(flow) < names.count ? names[Int(flow)] : nil
  }

  /// Names a packet that an interface sends. Nil when it is the first of its flow.
  mutating func tag(_ view: View, at now: UInt64) -> Tag? {
    views[view].map { tag($0, at: now) }
  }

  /// The same, for the first.
  mutating func begin(_ view: View, host: Int32, hostName: String, peer: String, at now: UInt64) -> Tag {
    let family = Family(
      host: host, peer: peer, transport: view.transport, servicePort: view.remote.port)
    let ordinal = ordinals[family, default: 0]
    if ordinals.count < limits.viewsMax || ordinal > 0 { ordinals[family] = ordinal + 1 }
    let name = FlowName(
      host: hostName, peer: peer, transport: view.transport, servicePort: view.remote.port,
      ordinal: ordinal)
    guard makeRoom(at: now) else {
      return Tag(flow: -1, isForwards: true, packet: PacketName(flow: name.key, index: 0))
    }
    let count = Count(key: name.key, lastUse: now)
    let index: Int32
    if let reused = free.popLast() {
      index = reused
      counts[Int(index)] = count
      names[Int(index)] = name
      noted[Int(index)] = Noted(backwards: view)
    } else {
      index = Int32(counts.count)
      counts.append(count)
      names.append(name)
      noted.append(Noted(backwards: view))
    }
    let entry = Entry(flow: index, isForwards: true)
    views[view] = entry
    return tag(entry, at: now)
  }

  private mutating func tag(_ entry: Entry, at now: UInt64) -> Tag {
    let slot = Int(entry.flow)
    counts[slot].lastUse = now
    let key = counts[slot].key
    if entry.isForwards {
      counts[slot].forwards += 1
      let packet = PacketName(flow: key, index: counts[slot].forwards - 1)
      return Tag(flow: entry.flow, isForwards: true, packet: packet)
    }
    counts[slot].backwards += 1
    let packet = PacketName(flow: ~key, index: counts[slot].backwards - 1)
    return Tag(flow: entry.flow, isForwards: false, packet: packet)
  }

  /// Notes how the receiver of a packet sees its flow.
  mutating func note(_ view: View, of tag: Tag, at now: UInt64) {
    let slot = Int(tag.flow)
    guard slot >= 0, slot < counts.count, counts[slot].isLive else { return }
    if tag.isForwards {
      if noted[slot].forwards == view { return }
      noted[slot].forwards = view
    } else {
      if noted[slot].backwards == view { return }
      noted[slot].backwards = view
    }
    // Who has sent on this view before has named it: simultaneous open makes two flows of one connection.
    if views[view] != nil || !makeRoom(at: now) { return }
    views[view] = Entry(flow: tag.flow, isForwards: !tag.isForwards)
  }

  private mutating func makeRoom(at now: UInt64) -> Bool {
    if views.count < limits.viewsMax { return true }
    guard now >= sweepAgainAt else { return false }
    for slot in counts.indices
    where counts[slot].isLive && now - min(now, counts[slot].lastUse) > limits.idle {
      counts[slot].isLive = false
      free.append(Int32(slot))
    }
    views = views.filter { counts[Int($0.value.flow)].isLive }
    sweepAgainAt = now.saturatingAdd(limits.idle / 10)
    return views.count < limits.viewsMax
  }
}
