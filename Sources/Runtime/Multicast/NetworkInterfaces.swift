import Glibc
package import LocalDiscovery
import Wire

/// The interfaces that multicast reaches others through.
package enum NetworkInterfaces {
  /// Which interfaces are wanted.
  package enum Choice: Sendable {
    /// Every one that is up, can multicast and is not loopback. When there is none, loopback: nodes on a
    /// machine without a network still find each other.
    case network
    case loopback
  }

  /// In the order of their numbers. Empty when the kernel does not tell.
  package static func scan(_ choice: Choice = .network) -> [Interface] {
    var list: UnsafeMutablePointer<ifaddrs>?
    guard getifaddrs(&list) == 0 else { return [] }
    defer { freeifaddrs(list) }
    var (network, loopback): ([InterfaceID: Interface], [InterfaceID: Interface]) = ([:], [:])
    var entry = list
    while let current = entry {
      entry = current.pointee.ifa_next
      guard let found = Entry(current.pointee) else { continue }
      if found.isLoopback {
        found.add(to: &loopback)
      } else if found.canMulticast {
        found.add(to: &network)
      }
    }
    let wanted =
      switch choice {
      case .network: network.isEmpty ? loopback : network
      case .loopback: loopback
      }
    return wanted.values.sorted { $0.id < $1.id }
  }

  /// One address of one interface that is up.
  private struct Entry {
    let id: InterfaceID
    let name: String
    let address: InterfaceAddress
    let isLoopback: Bool
    let canMulticast: Bool

    init?(_ entry: ifaddrs) {
      let flags = Int(entry.ifa_flags)
      guard flags & IFF_UP != 0, let name = entry.ifa_name else { return nil }
      let index = if_nametoindex(name)
      guard index != 0, let address = entry.ifa_addr else { return nil }
      let family = address.pointee.sa_family
      guard let ip = IPAddress(socketAddress: address, family: family) else { return nil }
      id = InterfaceID(rawValue: index)
      self.name = String(cString: name)
      isLoopback = flags & IFF_LOOPBACK != 0
      canMulticast = flags & IFF_MULTICAST != 0
      // Masks are not always labelled with their family.
      let mask = entry.ifa_netmask.flatMap { IPAddress(socketAddress: $0, family: family) }
      let bits = mask?.bytes.reduce(0) { $0 + $1.nonzeroBitCount } ?? ip.bytes.count * 8
      self.address = InterfaceAddress(ip, prefixBits: bits)
    }

    func add(to interfaces: inout [InterfaceID: Interface]) {
      interfaces[id, default: Interface(id: id, name: name, addresses: [])].addresses.append(address)
    }
  }
}

extension IPAddress {
  /// Nil for other families.
  fileprivate init?(socketAddress: UnsafeMutablePointer<sockaddr>, family: sa_family_t) {
    let start = UnsafeRawPointer(socketAddress)
    switch CInt(family) {
    case AF_INET: self.init(bytes: UnsafeRawBufferPointer(start: start + 4, count: 4))  // ip(7)
    case AF_INET6: self.init(bytes: UnsafeRawBufferPointer(start: start + 8, count: 16))  // ipv6(7)
    default: return nil
    }
  }
}
