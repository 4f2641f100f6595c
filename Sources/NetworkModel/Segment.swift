import SansIO

/// Something with a link to a segment.
enum Attachment: Hashable, Sendable {
  case interface(Int)
  case routerInside(Int)
  case routerOutside(Int)
  case nameService
}

/// Where a packet is next.
enum Hop: Sendable {
  /// On a segment, from an attachment's uplink.
  case segment(Int, from: Attachment)
  /// At the near end of the link towards an attachment.
  case towards(Attachment)
  /// At an interface, which it reaches unless that has moved since.
  case interface(Int, epoch: UInt32)
  /// In a router, from inside or outside.
  case router(Int, fromInside: Bool)
}

/// The internet or a LAN: who is on it, and who has which address.
struct Segment: Sendable {
  let name: String
  let isInternet: Bool
  /// In the order in which they came, which is the order of multicast copies.
  var members: [Attachment] = []
  var owners: [Address: Attachment] = [:]
  var routes = RouteTable()
  /// Where a LAN sends what is not on it, by family.
  var gateway4: Attachment?
  var gateway6: Attachment?

  init(name: String, isInternet: Bool) {
    self.name = name
    self.isInternet = isInternet
  }

  /// The attachment a packet to this address goes to.
  func next(to address: Address) -> Attachment? {
    owners[address] ?? routes[address] ?? (address.isIPv4 ? gateway4 : gateway6)
  }

  /// A member leaves with all its addresses and routes.
  mutating func remove(_ member: Attachment) {
    members.removeAll { $0 == member }
    owners = owners.filter { $0.value != member }
    routes.remove(member)
    if gateway4 == member { gateway4 = nil }
    if gateway6 == member { gateway6 = nil }
  }
}

/// Longest-prefix match: one table a length, longest first. Scenarios have one length or two.
struct RouteTable: Sendable {
  private var tables: [(length: Int, isIPv4: Bool, next: [Address: Attachment])] = []

  subscript(_ address: Address) -> Attachment? {
    for table in tables where table.isIPv4 == address.isIPv4 {
      guard let key = Prefix(address, length: table.length)?.address else { continue }
      if let next = table.next[key] { return next }
    }
    return nil
  }

  mutating func insert(_ prefix: Prefix, to next: Attachment) {
    let isIPv4 = prefix.address.isIPv4
    if let index = tables.firstIndex(where: { $0.length == prefix.length && $0.isIPv4 == isIPv4 }) {
      tables[index].next[prefix.address] = next
    } else {
      tables.append((prefix.length, isIPv4, [prefix.address: next]))
      tables.sort { $0.length > $1.length }
    }
  }

  mutating func remove(_ member: Attachment) {
    for index in tables.indices { tables[index].next = tables[index].next.filter { $0.value != member } }
  }
}
