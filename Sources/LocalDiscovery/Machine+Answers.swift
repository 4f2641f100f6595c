import Identity
package import NIOCore
import OrderedCollections
package import SansIO
import Wire

// Everything that arrives, and what others say of themselves.
extension Machine {
  /// A datagram that was sent to the link's group, or to our port on it.
  package mutating func receive(
    _ packet: ByteBuffer, from sender: Endpoint, on link: Link, at now: Instant
  ) {
    self.now = now
    if hasLeft { return }
    counters.packetsReceived += 1
    guard rhythms[link] != nil, let interface = interfaces[link.interface] else {
      counters.strayPackets += 1
      return
    }
    guard sender.ip.family == link.family, interface.isOnLink(sender.ip) else {
      counters.offLink += 1
      return
    }
    guard limiter.take(from: sender.ip, at: now) else {
      counters.overRate += 1
      return
    }
    guard packet.readableBytes <= Message.bytesMax else {
      counters.oversized += 1
      return
    }
    do throws(MessageError) {
      let message = try Message(decoding: packet)
      if message.isCut { counters.cutPackets += 1 }
      if message.isResponse {
        receiveAnswer(message, from: sender, on: link)
      } else {
        receiveQuestion(message, packet: packet, from: sender, on: link)
      }
    } catch {
      switch error {
      case .malformed: counters.malformed += 1
      case .unsupported: counters.unsupported += 1
      }
    }
  }

  private mutating func receiveAnswer(_ message: Message, from sender: Endpoint, on link: Link) {
    guard sender.port == Self.port else {
      counters.wrongPort += 1
      return
    }
    for instance in instances(in: message) { receive(instance, from: sender.ip, on: link) }
  }

  // MARK: Instances

  /// What a packet says of one name of the service.
  fileprivate struct Instance {
    let name: Name
    var strings: [[UInt8]] = []
    var ttlSeconds: UInt32?
    var isUnique = false
    var isLeaving = false
  }

  private mutating func instances(in message: Message) -> [Instance] {
    var instances: OrderedDictionary<Name, Instance> = [:]
    for record in message.answers + message.additionals {
      let name: Name
      switch record.data {
      case .pointer(let target) where record.name == Service.peers: name = target
      case .text: name = record.name
      case .pointer, .service, .ip4, .ip6: continue
      }
      guard name.parent == Service.peers else { continue }
      if instances[name] == nil, instances.count >= configuration.peersPerPacketMax {
        counters.excessInstances += 1
        continue
      }
      instances[name, default: Instance(name: name)].add(record)
    }
    return instances.values.elements
  }

  private mutating func receive(_ instance: Instance, from source: IPAddress, on link: Link) {
    guard let ours = announcements[link.interface], instance.name != ours.instance else {
      // Our own packet comes back to us; but a goodbye in our name is not ours.
      if instance.isLeaving { objectToGoodbye(on: link) }
      return
    }
    if instance.isLeaving { return neighbours.farewell(instance.name, from: source, on: link, at: now) }
    guard let ttlSeconds = instance.ttlSeconds, let told = peerAndAddresses(of: instance) else { return }
    guard told.peer != own else {
      counters.impersonations += 1
      return
    }
    let addresses = told.addresses.compactMap { reachable($0, from: source, on: link) }
    let unique = OrderedSet(addresses)
    if unique.isEmpty { return }
    let report = Neighbours.Report(
      peer: told.peer, name: instance.name, addresses: unique.elements,
      ttlSeconds: min(ttlSeconds, configuration.ttlSecondsMax), isComplete: instance.isUnique, source: source,
      link: link)
    if neighbours.hear(report, at: now, counting: &counters) {
      events.append(.discovered(told.peer, neighbours.addresses(of: told.peer)))
    }
  }

  /// Whoever heard the false goodbye forgets us in a second, if we do not speak up.
  private mutating func objectToGoodbye(on link: Link) {
    guard announcements[link.interface]?.addresses.isEmpty == false else { return }
    counters.impersonations += 1
    answerLater(.instance, on: link, to: nil, after: configuration.delay(using: &generator))
  }

  /// The one peer that all strings name. An instance that names two is believed nothing.
  private mutating func peerAndAddresses(of instance: Instance) -> (peer: PeerID, addresses: [ToldAddress])? {
    var peer: PeerID?
    var addresses: [ToldAddress] = []
    for string in instance.strings {
      guard let text = string.addressText else { continue }
      guard let (named, address) = Self.read(text) else {
        counters.malformedAddresses += 1
        continue
      }
      guard peer == nil || peer == named else {
        counters.contradictions += 1
        return nil
      }
      peer = named
      addresses.append(address)
    }
    return peer.map { ($0, addresses) }
  }

  private typealias ToldAddress = ArraySlice<Multiaddr.Component>

  /// The peer at the end, and what is before it.
  private static func read(_ text: String) -> (peer: PeerID, address: ToldAddress)? {
    guard let components = try? Multiaddr(text).components, components.count > 1,
      case .p2p(let hash) = components.last, let peer = try? PeerID(multihash: hash)
    else { return nil }
    return (peer, components.dropLast())
  }

  // MARK: Reachability

  /// The address as it is reached from here; nil when it is not, or when it would lead somewhere it should
  /// not.
  private mutating func reachable(
    _ address: ToldAddress, from source: IPAddress, on link: Link
  ) -> Neighbours.Address? {
    let reached = rewritten(address, from: source, on: link)
    if reached == nil { counters.unreachableAddresses += 1 }
    return reached
  }

  private func rewritten(
    _ address: ToldAddress, from source: IPAddress, on link: Link
  ) -> Neighbours.Address? {
    // Names would make us ask others, and the sender's zones mean nothing here.
    guard let ip = address.first?.ip, !address.contains(.p2pCircuit) else { return nil }
    switch ip.reach {
    case .loopback: return isOurs(source) ? located(at: ip, address, on: link) : nil
    case .multicast: return nil
    case .linkLocal, .private: return located(at: ip, address, on: link)
    case .reserved, .global:
      let isNear = interfaces[link.interface]?.isOnLink(ip) ?? false
      return located(at: ip, address, on: link, isFar: !isNear)
    case .unspecified:
      // All addresses of the sender, it means; the one it sent from is one of them.
      return source.family == ip.family ? located(at: source, address, on: link) : nil
    }
  }

  private func located(
    at ip: IPAddress, _ address: ToldAddress, on link: Link, isFar: Bool = false
  ) -> Neighbours.Address? {
    var components = [Multiaddr.Component(ip)] + address.dropFirst()
    if case .v6 = ip, ip.reach == .linkLocal {
      guard let interface = interfaces[link.interface] else { return nil }
      components.insert(.ip6zone(interface.name), at: 0)
    }
    return (try? Multiaddr(components)).map { .init(multiaddr: $0, isFar: isFar) }
  }

  private func isOurs(_ ip: IPAddress) -> Bool {
    ip.isLoopback || interfaces.values.contains { $0.has(ip) }
  }
}

extension Machine.Instance {
  fileprivate mutating func add(_ record: Record) {
    if record.ttlSeconds == 0 {
      isLeaving = true
      return
    }
    guard case .text(let more) = record.data else { return }
    strings += more
    isUnique = isUnique || record.isUnique
    ttlSeconds = min(ttlSeconds ?? .max, record.ttlSeconds)
  }
}

extension [UInt8] {
  /// What follows `dnsaddr=`. Keys are compared without case (RFC 6763, section 6.4); Python numbers those
  /// after the first, because a key may only be there once.
  fileprivate var addressText: String? {
    guard let equals = firstIndex(of: UInt8(ascii: "=")) else { return nil }
    var key = self[..<equals].map(\.lowercased)
    while let last = key.last, (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(last) { key.removeLast() }
    guard key.elementsEqual("dnsaddr".utf8) else { return nil }
    return String(validating: self[(equals + 1)...], as: UTF8.self)
  }
}

extension Multiaddr.Component {
  fileprivate var ip: IPAddress? {
    switch self {
    case .ip4(let address): .v4(address)
    case .ip6(let address): .v6(address)
    default: nil
    }
  }
}
