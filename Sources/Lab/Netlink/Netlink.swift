import CLinux
import Glibc
import NetworkModel

/// Sets up the network namespace of the thread that made it: links, addresses, routes (rtnetlink(7)).
///
/// Spoken by ourselves and not by running `ip`, of which a hundred hosts would need several hundred.
final class Netlink {
  private let socket: Descriptor
  private var sequence: UInt32 = 0
  private var buffer = [UInt8](repeating: 0, count: 32768)

  init() throws(SystemError) {
    socket = Descriptor(try check(linux_netlink_open(), "netlink"))
  }

  // MARK: Links

  func setLink(_ name: String, isUp: Bool) throws(SystemError) {
    let index = try Self.index(of: name)
    var header = ifinfomsg()
    header.ifi_index = CInt(index)
    header.ifi_flags = isUp ? UInt32(IFF_UP) : 0
    header.ifi_change = UInt32(IFF_UP)
    var message = NetlinkMessage(type: Int(RTM_NEWLINK), flags: Int(NLM_F_ACK))
    message.appendFixed(header)
    try request(message, "set \(name) \(isUp ? "up" : "down")")
  }

  func setLink(_ name: String, mtu: Int, queueLength: Int) throws(SystemError) {
    var header = ifinfomsg()
    header.ifi_index = CInt(try Self.index(of: name))
    var message = NetlinkMessage(type: Int(RTM_NEWLINK), flags: Int(NLM_F_ACK))
    message.appendFixed(header)
    message.append(Int(IFLA_MTU), UInt32(truncatingIfNeeded: mtu))
    message.append(Int(IFLA_TXQLEN), UInt32(truncatingIfNeeded: queueLength))
    try request(message, "set the MTU of \(name) to \(mtu)")
  }

  // MARK: Addresses

  func addAddress(_ address: InterfaceAddress, to name: String) throws(SystemError) {
    try changeAddress(
      address, of: name, type: Int(RTM_NEWADDR), flags: Int(NLM_F_CREATE | NLM_F_REPLACE),
      "add \(address) to \(name)")
  }

  func removeAddress(_ address: InterfaceAddress, from name: String) throws(SystemError) {
    try changeAddress(address, of: name, type: Int(RTM_DELADDR), flags: 0, "remove \(address) from \(name)")
  }

  private func changeAddress(
    _ address: InterfaceAddress, of name: String, type: Int, flags: Int, _ attempt: String
  ) throws(SystemError) {
    var header = ifaddrmsg()
    header.ifa_family = Self.family(address.address)
    header.ifa_prefixlen = UInt8(truncatingIfNeeded: address.prefixLength)
    // No duplicate address detection: the scenario says who is who, and the first packet shall not wait for
    // it.
    header.ifa_flags = address.address.isIPv4 ? 0 : UInt8(truncatingIfNeeded: Int(IFA_F_NODAD))
    header.ifa_index = try Self.index(of: name)
    var message = NetlinkMessage(type: type, flags: flags | Int(NLM_F_ACK))
    message.appendFixed(header)
    message.append(Int(IFA_LOCAL), address.address.wireBytes)
    message.append(Int(IFA_ADDRESS), address.address.wireBytes)
    if let broadcast = address.broadcast { message.append(Int(IFA_BROADCAST), broadcast.wireBytes) }
    try request(message, attempt)
  }

  // MARK: Routes

  func addRoute(_ route: Route, through name: String) throws(SystemError) {
    var header = rtmsg()
    header.rtm_family = Self.family(route.to.address)
    header.rtm_dst_len = UInt8(truncatingIfNeeded: route.to.length)
    header.rtm_table = UInt8(truncatingIfNeeded: RT_TABLE_MAIN.rawValue)
    header.rtm_protocol = UInt8(truncatingIfNeeded: Int(RTPROT_STATIC))
    let scope = route.via == nil ? RT_SCOPE_LINK : RT_SCOPE_UNIVERSE
    header.rtm_scope = UInt8(truncatingIfNeeded: scope.rawValue)
    header.rtm_type = UInt8(truncatingIfNeeded: Int(RTN_UNICAST))
    var message = NetlinkMessage(
      type: Int(RTM_NEWROUTE), flags: Int(NLM_F_ACK | NLM_F_CREATE | NLM_F_REPLACE))
    message.appendFixed(header)
    if route.to.length > 0 { message.append(Int(RTA_DST.rawValue), route.to.address.wireBytes) }
    if let gateway = route.via { message.append(Int(RTA_GATEWAY.rawValue), gateway.wireBytes) }
    message.append(Int(RTA_OIF.rawValue), try Self.index(of: name))
    try request(message, "add the route to \(route.to) through \(name)")
  }

  // MARK: Counters

  /// What the kernel counted on a link (`rtnl_link_stats64`).
  func counters(of name: String) throws(SystemError) -> LinkCounters {
    var header = ifinfomsg()
    header.ifi_index = CInt(try Self.index(of: name))
    var message = NetlinkMessage(type: Int(RTM_GETLINK), flags: 0)
    message.appendFixed(header)
    let answer = try request(message, "read the counters of \(name)", expecting: Int(RTM_NEWLINK))
    var offset = 16 + MemoryLayout<ifinfomsg>.size
    while let (length, type) = Self.attribute(in: answer, at: offset) {
      if type == Int(IFLA_STATS64) { return LinkCounters(Array(answer[offset + 4..<offset + length])) }
      offset += (length + 3) & ~3
    }
    throw SystemError("read the counters of \(name)", code: ENODATA)
  }

  private static func attribute(in bytes: [UInt8], at offset: Int) -> (length: Int, type: Int)? {
    guard offset + 4 <= bytes.count else { return nil }
    let length = Int(bytes[offset]) | Int(bytes[offset + 1]) << 8
    guard length >= 4, offset + length <= bytes.count else { return nil }
    return (length, Int(bytes[offset + 2]) | Int(bytes[offset + 3]) << 8)
  }

  // MARK: Requests

  private static func family(_ address: Address) -> UInt8 { UInt8(address.isIPv4 ? AF_INET : AF_INET6) }

  private static func index(of name: String) throws(SystemError) -> UInt32 {
    let index = if_nametoindex(name)
    if index == 0 { throw SystemError("find the interface \(name)", code: errno) }
    return index
  }

  /// Sends a request and reads the answer to it: an acknowledgement, or a message of the type expected.
  @discardableResult
  private func request(
    _ request: consuming NetlinkMessage, _ attempt: @autoclosure () -> String,
    expecting type: Int = Int(NLMSG_ERROR)
  ) throws(SystemError) -> [UInt8] {
    sequence += 1
    request.setSequence(sequence)
    let bytes = request.bytes
    try check(linux_netlink_send(socket.number, bytes, CInt(bytes.count)), attempt())
    while true {
      let count = try checkErrno(recv(socket.number, &buffer, buffer.count, 0), attempt())
      guard count >= 20 else { throw SystemError(attempt(), code: EBADMSG) }
      let header = buffer.withUnsafeBytes { $0.loadUnaligned(as: nlmsghdr.self) }
      guard header.nlmsg_seq == sequence else { continue }  // of a request that was given up
      if header.nlmsg_type == UInt16(NLMSG_ERROR) {
        let code = buffer.withUnsafeBytes { $0.loadUnaligned(fromByteOffset: 16, as: CInt.self) }
        if code != 0 { throw SystemError(attempt(), code: -code) }
        return []
      }
      if Int(header.nlmsg_type) == type { return Array(buffer[..<min(count, Int(header.nlmsg_len))]) }
    }
  }
}

/// Packets a link carried and lost, seen from its host.
package struct LinkCounters: Hashable, Sendable {
  package var received: UInt64 = 0
  package var sent: UInt64 = 0
  package var receiveDropped: UInt64 = 0
  /// The fabric did not come round to read before the device's queue was full.
  package var sendDropped: UInt64 = 0

  package init() {}

  /// The first words of `struct rtnl_link_stats64`.
  init(_ bytes: [UInt8]) {
    func word(_ index: Int) -> UInt64 {
      guard bytes.count >= index * 8 + 8 else { return 0 }
      return bytes.withUnsafeBytes { $0.loadUnaligned(fromByteOffset: index * 8, as: UInt64.self) }
    }
    (received, sent, receiveDropped, sendDropped) = (word(0), word(1), word(6), word(7))
  }
}

extension Address {
  /// 4 or 16 bytes, as they stand in a packet.
  var wireBytes: [UInt8] {
    func bytes(_ word: UInt64) -> [UInt8] { withUnsafeBytes(of: word.bigEndian) { Array($0) } }
    return isIPv4 ? Array(bytes(low).suffix(4)) : bytes(high) + bytes(low)
  }
}
