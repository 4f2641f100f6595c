import CLinux
import Glibc
import NetworkModel

/// What a host's thread knows of its namespaces. Lives and stays on that thread.
struct HostInterior {
  private var description: HostDescription
  private let netlink: Netlink

  /// Moves the calling thread into new namespaces, for good.
  init(_ description: HostDescription) throws(SystemError) {
    try check(linux_unshare_host(), "unshare")
    self.description = description
    netlink = try Netlink()
    try check(linux_set_host_name(description.name), "sethostname")
    // The old /sys shows the interfaces of the namespace it was mounted in. Where a new one may not be
    // mounted (a container that masks parts of it) the host does without: only tools look there.
    _ = linux_mount("sysfs", "/sys", "sysfs", nil)
  }

  /// A packet queue in the device deep enough for a burst while the fabric is busy with others.
  private static let queueLength = 1000

  /// Devices, addresses, routes. Returns the descriptors of the TUNs, in the order of the interfaces.
  mutating func build() throws(SystemError) -> [Descriptor] {
    for (path, value) in Self.defaults { try SmallFile.write(value, to: "/proc/sys/net/\(path)") }
    try netlink.setLink("lo", isUp: true)
    var devices: [Descriptor] = []
    for interface in description.interfaces {
      devices.append(
        Descriptor(try check(linux_tun_open(interface.name), "create the TUN device \(interface.name)")))
      try netlink.setLink(interface.name, mtu: interface.mtu, queueLength: Self.queueLength)
    }
    for (path, value) in description.sysctls { try SmallFile.write(value, to: "/proc/sys/\(path)") }
    for interface in description.interfaces { try bringUp(interface) }
    return devices
  }

  /// A new namespace takes some of its settings from the machine's own; these would change what a scenario
  /// shows.
  private static let defaults = [
    ("ipv6/conf/default/addr_gen_mode", "1"),  // addresses come from the description alone
    ("ipv6/conf/default/accept_ra", "0"),
    ("ipv6/conf/default/accept_dad", "0"),
    ("ipv4/conf/all/rp_filter", "0"),
    ("ipv4/conf/default/rp_filter", "0"),
    ("ipv4/ip_forward", "0"),
  ]

  // MARK: Changes

  mutating func setLink(_ name: String, isUp: Bool) throws(SystemError) {
    let interface = try self.interface(name)
    if isUp {
      try bringUp(description.interfaces[interface])
    } else {
      try netlink.setLink(name, isUp: false)
    }
  }

  mutating func readdress(
    _ name: String, addresses: [InterfaceAddress], routes: [Route]
  ) throws(SystemError) {
    let index = try interface(name)
    for address in description.interfaces[index].addresses where !addresses.contains(address) {
      // Going down has taken the IPv6 ones already.
      do throws(SystemError) {
        try netlink.removeAddress(address, from: name)
      } catch {
        if error.code != EADDRNOTAVAIL { throw error }
      }
    }
    description.interfaces[index].addresses = addresses
    description.interfaces[index].routes = routes
    try bringUp(description.interfaces[index])
  }

  func counters() throws(SystemError) -> [InterfaceID: LinkCounters] {
    var counters: [InterfaceID: LinkCounters] = [:]
    for interface in description.interfaces {
      counters[interface.id] = try netlink.counters(of: interface.name)
    }
    return counters
  }

  /// Going down takes routes and IPv6 addresses away; all of this may be there already.
  private func bringUp(_ interface: InterfaceDescription) throws(SystemError) {
    try netlink.setLink(interface.name, isUp: true)
    for address in interface.addresses { try netlink.addAddress(address, to: interface.name) }
    let isFirst = description.interfaces.first?.id == interface.id
    for route in (isFirst ? Route.multicast : []) + interface.routes {
      try netlink.addRoute(route, through: interface.name)
    }
  }

  private func interface(_ name: String) throws(SystemError) -> Int {
    guard let index = description.interfaces.firstIndex(where: { $0.name == name }) else {
      throw SystemError("find the interface \(name)", code: ENODEV)
    }
    return index
  }
}
