import Identity
import NIOCore
import SansIO
import TestKit
import Wire

@testable import LocalDiscovery

/// Peers by number; the machine under test is number 0.
func peer(_ number: UInt32) -> PeerID {
  var seed = [UInt8](repeating: 5, count: 32)
  withUnsafeBytes(of: number.bigEndian) { seed.replaceSubrange(0..<4, with: $0) }
  do { return try KeyPair(seed: seed).peerID } catch { preconditionFailure("32 bytes are a seed: \(error)") }
}

func addr(_ text: String) -> Multiaddr {
  do { return try Multiaddr(text) } catch { preconditionFailure("\(text): \(error)") }
}

func ip(_ text: String) -> IPAddress {
  guard let ip = IPAddress(text) else { preconditionFailure("\(text) is no address") }
  return ip
}

let lan = InterfaceID(rawValue: 2)
let wifi = InterfaceID(rawValue: 3)
let lan4 = Link(interface: lan, family: .ip4)
let lan6 = Link(interface: lan, family: .ip6)
let wifi4 = Link(interface: wifi, family: .ip4)

func interface(_ id: InterfaceID = lan, _ name: String = "lan0", _ addresses: String...) -> Interface {
  Interface(
    id: id, name: name,
    addresses: addresses.map { text in
      let parts = text.split(separator: "/").map(String.init)
      guard parts.count == 2, let bits = Int(parts[1]) else { preconditionFailure("\(text) has no prefix") }
      return InterfaceAddress(ip(parts[0]), prefixBits: bits)
    })
}

let home = interface(lan, "lan0", "10.0.0.1/24")
let dualHome = interface(lan, "lan0", "10.0.0.1/24", "fe80::1/64")
let neighbour = Endpoint(ip("10.0.0.2"), port: Machine.port)
let neighbour6 = Endpoint(ip("fe80::2"), port: Machine.port)

/// What a neighbour says of itself.
func announcement(
  of number: UInt32 = 1, name: String = "neighbour", at addresses: String..., ttlSeconds: UInt32 = 120
) -> Message {
  let announcement = Announcement(
    label: [UInt8](name.utf8), peer: peer(number), addresses: addresses.map(addr))
  guard let message = announcement.response(to: .instance, ttlSeconds: ttlSeconds) else {
    preconditionFailure("an announcement of no address")
  }
  return message
}

/// An instance with these strings, whatever they are.
func instance(named name: String = "neighbour", ttlSeconds: UInt32 = 120, _ strings: String...) -> Message {
  var message = Message()
  message.isResponse = true
  let owner = instanceName(name)
  message.answers = [Record(name: Service.peers, data: .pointer(owner), ttlSeconds: ttlSeconds)]
  message.additionals = [
    Record(
      name: owner, data: .text(strings.map { [UInt8]($0.utf8) }), ttlSeconds: ttlSeconds, isUnique: true)
  ]
  return message
}

func instanceName(_ label: String) -> Name {
  guard let name = Service.peers.prefixed(by: label.utf8) else { preconditionFailure("\(label) is no label") }
  return name
}

func text(_ address: String, _ number: UInt32 = 1) -> String { "dnsaddr=\(address)/p2p/\(peer(number))" }

/// A question for peers, with instances that are known already.
func question(
  _ name: Name = Service.peers, _ type: RecordType = .pointer, unicast: Bool = false,
  known: [(Name, UInt32)] = [], truncated: Bool = false, id: UInt16 = 0
) -> Message {
  var message = Message()
  message.id = id
  message.isTruncated = truncated
  message.questions = [Question(name: name, type: type, wantsUnicast: unicast)]
  message.answers = known.map { Record(name: Service.peers, data: .pointer($0.0), ttlSeconds: $0.1) }
  return message
}

/// A machine and its clock, for tests that read like a trace.
struct Stage {
  struct Sent {
    let at: Duration
    let message: Message
    let link: Link
    let to: Machine.Destination
  }

  var machine: Machine
  var now = Instant.zero
  var sent: [Sent] = []
  var discovered: [(at: Duration, peer: PeerID, addresses: [Multiaddr])] = []
  var expired: [(at: Duration, peer: PeerID)] = []

  init(
    seed: UInt64 = 1, on interfaces: [Interface] = [home], announcing: [String] = ["/ip4/0.0.0.0/tcp/4001"],
    _ configure: (inout Configuration) -> Void = { _ in }
  ) {
    var configuration = Configuration()
    configure(&configuration)
    machine = Machine(
      peer: peer(0), configuration: configuration, generator: SeededGenerator(seed: seed), now: .zero)
    announce(announcing)
    plug(interfaces)
  }

  /// Lets time pass, stopping at every deadline on the way.
  mutating func pass(_ duration: Duration) {
    let end = now + duration
    while let deadline = machine.deadline, deadline <= end {
      now = max(now, deadline)
      machine.advance(to: now)
      collect()
    }
    now = end
  }

  /// Past the burst of the start, with all that it said forgotten.
  mutating func settle(_ duration: Duration = .seconds(70)) {
    pass(duration)
    sent = []
  }

  mutating func plug(_ interfaces: [Interface]) {
    machine.interfaces(interfaces, at: now)
    collect()
  }

  mutating func announce(_ addresses: [String]) {
    machine.announce(addresses.map(addr), at: now)
    collect()
  }

  mutating func leave() {
    machine.leave(at: now)
    collect()
  }

  mutating func hear(_ message: Message, from sender: Endpoint = neighbour, on link: Link = lan4) {
    hear(message.encoded(), from: sender, on: link)
  }

  mutating func hear(_ packet: ByteBuffer, from sender: Endpoint = neighbour, on link: Link = lan4) {
    machine.receive(packet, from: sender, on: link, at: now)
    collect()
  }

  mutating func collect() {
    while let event = machine.nextEvent() {
      switch event {
      case .send(let packet, let link, let destination):
        guard let message = try? Message(decoding: packet) else {
          preconditionFailure("we said something malformed: \(packet.hexDump(format: .compact))")
        }
        sent.append(Sent(at: now - .zero, message: message, link: link, to: destination))
      case .discovered(let peer, let addresses): discovered.append((now - .zero, peer, addresses))
      case .expired(let peer): expired.append((now - .zero, peer))
      }
    }
  }

  var questions: [Sent] { sent.filter { !$0.message.isResponse } }
  var answers: [Sent] { sent.filter(\.message.isResponse) }
  var counters: Counters { machine.counters }
  /// Our instance's name.
  var ownName: Name { instanceName(String(decoding: machine.label, as: UTF8.self)) }

  /// The addresses in the latest announcement on a link.
  func announced(on link: Link = lan4) -> [String] {
    answers.last { $0.link == link }?.message.texts ?? []
  }
}

extension Message {
  /// All strings of all TXT records.
  var texts: [String] {
    (answers + additionals).flatMap { record -> [String] in
      guard case .text(let strings) = record.data else { return [] }
      return strings.map { String(decoding: $0, as: UTF8.self) }
    }
  }
}
