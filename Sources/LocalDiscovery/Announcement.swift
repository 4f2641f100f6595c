import Identity
import Wire

/// Names everybody knows.
enum Service {
  /// libp2p specs, discovery/mdns.md.
  static let peers = Name("_p2p._udp.local")
  /// Where hosts of instances are named.
  static let hosts = Name("p2p.local")
  /// RFC 6763, section 9: what services there are.
  static let all = Name("_services._dns-sd._udp.local")
}

/// What can be asked of us.
struct Topics: OptionSet, Hashable, Sendable {
  let rawValue: UInt8

  /// That we are here: the answer to "which peers are there?", told with everything else.
  static let instance = Topics(rawValue: 1)
  /// The service itself.
  static let service = Topics(rawValue: 2)
  static let texts = Topics(rawValue: 4)
  static let host = Topics(rawValue: 8)
  static let ip4 = Topics(rawValue: 16)
  static let ip6 = Topics(rawValue: 32)
}

/// What we say of ourselves on one interface.
struct Announcement: Equatable, Sendable {
  /// Our instance of the service: a random name that stays for our lifetime and says nothing.
  let instance: Name
  let host: Name
  let peer: PeerID
  /// Without a peer at their end, the one to be tried first first.
  let addresses: [Multiaddr]

  init(label: [UInt8], peer: PeerID, addresses: [Multiaddr]) {
    guard let instance = Service.peers.prefixed(by: label), let host = Service.hosts.prefixed(by: label)
    else { preconditionFailure("\(label) is no label") }
    self.instance = instance
    self.host = host
    self.peer = peer
    self.addresses = addresses
  }

  /// The topics a question asks for.
  func topics(of question: Question) -> Topics {
    guard let type = question.type else { return [] }
    switch question.name {
    case Service.peers: return type.matches(.pointer) ? .instance : []
    case Service.all: return type.matches(.pointer) ? .service : []
    case instance:
      return (type.matches(.text) ? Topics.texts : []).union(type.matches(.service) ? .host : [])
    case host: return (type.matches(.ip4) ? Topics.ip4 : []).union(type.matches(.ip6) ? .ip6 : [])
    default: return []
    }
  }

  /// An answer: what was asked, and what will be asked next. Empty when there is nothing to tell.
  func response(to topics: Topics, ttlSeconds: UInt32) -> Message? {
    var response = Message()
    response.isResponse = true
    for topic in Self.order {
      let records = records(of: topic, ttlSeconds: ttlSeconds)
      if topics.contains(topic) {
        response.answers += records
      } else if topics.contains(.instance), topic != .service {
        response.additionals += records
      }
    }
    return response.answers.isEmpty ? nil : response
  }

  private static let order: [Topics] = [.instance, .service, .texts, .host, .ip4, .ip6]

  private func records(of topic: Topics, ttlSeconds: UInt32) -> [Record] {
    if addresses.isEmpty { return [] }
    func own(_ name: Name, _ data: Record.Data) -> Record {
      Record(name: name, data: data, ttlSeconds: ttlSeconds, isUnique: true)
    }
    switch topic {
    case .instance:
      return [Record(name: Service.peers, data: .pointer(instance), ttlSeconds: ttlSeconds)]
    case .service:
      return [Record(name: Service.all, data: .pointer(Service.peers), ttlSeconds: ttlSeconds)]
    case .texts: return texts.map { own(instance, .text([$0])) }
    // Nobody dials by the following, but zeroconf libraries, Go's and Python's among them, do not show an
    // instance to libp2p before they know its host and an address of that.
    case .host: return [own(instance, .service(host: host, port: port))]
    case .ip4:
      return hostAddresses.compactMap { if case .v4(let ip) = $0 { own(host, .ip4(ip)) } else { nil } }
    case .ip6:
      return hostAddresses.compactMap { if case .v6(let ip) = $0 { own(host, .ip6(ip)) } else { nil } }
    default: return []
    }
  }

  /// One address a record. The best comes last: Go's and Python's zeroconf keep the last record alone.
  private var texts: [[UInt8]] {
    addresses.reversed().map { Self.text(of: $0, leadingTo: peer) }
  }

  /// What a receiver takes for `address`.
  static func text(of address: Multiaddr, leadingTo peer: PeerID) -> [UInt8] {
    [UInt8]("dnsaddr=\(address)/p2p/\(peer)".utf8)
  }

  /// What fits into one string.
  static let textBytesMax = 255

  private var port: UInt16 {
    addresses.lazy.compactMap { ($0.tcpEndpoint ?? $0.quicEndpoint)?.port }.first ?? 0
  }

  private var hostAddresses: [IPAddress] {
    var seen: [IPAddress] = []
    for address in addresses {
      if let ip = address.host?.ip, !seen.contains(ip) { seen.append(ip) }
    }
    return seen
  }
}

extension RecordType {
  fileprivate func matches(_ type: RecordType) -> Bool { self == type || self == .any }
}
