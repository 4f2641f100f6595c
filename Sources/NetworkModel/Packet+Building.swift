/// Packets that boxes and tests make. Every checksum is right.
extension Packet {
  /// RFC 1122 and the Linux default.
  package static let defaultHopLimit: UInt8 = 64

  package static func udp(
    from source: Endpoint, to destination: Endpoint, payload: [UInt8] = [], hopLimit: UInt8 = defaultHopLimit
  ) -> Packet {
    var message: [UInt8] = []
    message.reserveCapacity(8 + payload.count)
    message.append(word: source.port)
    message.append(word: destination.port)
    message.append(word: UInt16(truncatingIfNeeded: 8 + payload.count))
    message.append(word: 0)
    message += payload
    return Packet(
      from: source.address, to: destination.address, .udp, message, checksumAt: 6, hopLimit: hopLimit)
  }

  package static func tcp(
    from source: Endpoint, to destination: Endpoint, _ flags: TCPFlags, sequence: UInt32 = 0,
    acknowledgement: UInt32 = 0, payload: [UInt8] = [], hopLimit: UInt8 = defaultHopLimit
  ) -> Packet {
    var message: [UInt8] = []
    message.reserveCapacity(20 + payload.count)
    message.append(word: source.port)
    message.append(word: destination.port)
    message.append(long: sequence)
    message.append(long: acknowledgement)
    message += [0x50, flags.rawValue]
    message.append(word: flags.contains(.rst) ? 0 : 0xFFFF)
    message.append(long: 0)
    message += payload
    return Packet(
      from: source.address, to: destination.address, .tcp, message, checksumAt: 16, hopLimit: hopLimit)
  }

  /// An echo request from an address, its identifier in the port of `source`.
  package static func echoRequest(
    from source: Endpoint, to destination: Address, sequence: UInt16 = 1, payload: [UInt8] = [],
    hopLimit: UInt8 = defaultHopLimit
  ) -> Packet {
    let type = destination.isIPv4 ? ICMP.echoRequest : ICMP.echoRequest6
    let rest = UInt32(source.port) << 16 | UInt32(sequence)
    return icmp(
      from: source.address, to: destination, type: type, code: 0, rest: rest, payload[...], hopLimit: hopLimit
    )
  }

  /// The answer to an echo request: everything but the type as it came.
  package var echoReply: Packet? {
    guard isEchoRequest else { return nil }
    let type = isIPv4 ? ICMP.echoReply : ICMP.echoReply6
    return .icmp(
      from: destinationAddress, to: sourceAddress, type: type, code: 0,
      rest: bytes.long(at: transportOffset + 4), payload)
  }

  static func icmp(
    from source: Address, to destination: Address, type: UInt8, code: UInt8, rest: UInt32,
    _ payload: ArraySlice<UInt8>, hopLimit: UInt8 = defaultHopLimit
  ) -> Packet {
    var message: [UInt8] = [type, code, 0, 0]
    message.reserveCapacity(8 + payload.count)
    message.append(long: rest)
    message += payload
    let transport: Transport = source.isIPv4 ? .icmp : .icmp6
    return Packet(from: source, to: destination, transport, message, checksumAt: 2, hopLimit: hopLimit)
  }

  /// What a box tells the sender of a packet that it could not pass on. Nil where nothing may be said: about
  /// an ICMP error, a later fragment, or what was sent to many (RFC 1122, section 3.2.2; RFC 4443, 2.4).
  static func icmpError(_ report: Report, about packet: borrowing Packet, from box: Address) -> Packet? {
    let source = packet.sourceAddress
    let isToMany = packet.destinationAddress.isMulticast || packet.destinationAddress == .broadcast
    guard box.isIPv4 == packet.isIPv4, !packet.isICMPError, !packet.isLaterFragment, !isToMany,
      !source.isUnspecified, !source.isMulticast, source != .broadcast
    else { return nil }
    // As much as keeps the error within what every link carries: 576 bytes, or 1,280.
    let quoted = packet.bytes.prefix(packet.isIPv4 ? 576 - 28 : 1280 - 48)
    let (type, code, rest) = report.fields(isIPv4: packet.isIPv4)
    return .icmp(from: box, to: source, type: type, code: code, rest: rest, quoted)
  }

  /// The reset that refuses a TCP segment (RFC 9293, section 3.10.7.1). Nil for a reset, and for other
  /// protocols.
  static func reset(answering packet: borrowing Packet) -> Packet? {
    let flags = packet.tcpFlags
    guard packet.transport == .tcp, !packet.isLaterFragment, !flags.contains(.rst) else { return nil }
    if flags.contains(.ack) {
      return .tcp(
        from: packet.destination, to: packet.source, .rst, sequence: packet.tcpAcknowledgement)
    }
    let length = UInt32(truncatingIfNeeded: packet.payload.count) &+ (flags.contains(.syn) ? 1 : 0)
    return .tcp(
      from: packet.destination, to: packet.source, [.rst, .ack],
      acknowledgement: packet.tcpSequence &+ length)
  }

  /// What an ICMP error may say.
  enum Report {
    case timeExceeded
    case portUnreachable
    case noRoute
    case prohibited
    /// The largest packet that would have passed, in bytes (RFC 1191, RFC 8201).
    case tooBig(mtu: Int)

    func fields(isIPv4: Bool) -> (type: UInt8, code: UInt8, rest: UInt32) {
      switch (self, isIPv4) {
      case (.timeExceeded, true): (ICMP.timeExceeded, 0, 0)
      case (.timeExceeded, false): (ICMP.timeExceeded6, 0, 0)
      case (.portUnreachable, true): (ICMP.unreachable, 3, 0)
      case (.portUnreachable, false): (ICMP.unreachable6, 4, 0)
      case (.noRoute, true): (ICMP.unreachable, 0, 0)
      case (.noRoute, false): (ICMP.unreachable6, 0, 0)
      case (.prohibited, true): (ICMP.unreachable, 13, 0)
      case (.prohibited, false): (ICMP.unreachable6, 1, 0)
      case (.tooBig(let mtu), true): (ICMP.unreachable, 4, UInt32(UInt16(clamping: mtu)))
      case (.tooBig(let mtu), false): (ICMP.packetTooBig6, 0, UInt32(clamping: mtu))
      }
    }
  }

  private init(
    from source: Address, to destination: Address, _ transport: Transport, _ message: [UInt8],
    checksumAt checksum: Int, hopLimit: UInt8
  ) {
    precondition(source.isIPv4 == destination.isIPv4, "\(source) cannot write to \(destination)")
    let isIPv4 = source.isIPv4
    precondition(message.count <= (isIPv4 ? 65_515 : 65_535), "\(message.count) bytes in one packet")
    let headerLength = isIPv4 ? 20 : 40
    var bytes: [UInt8] = []
    bytes.reserveCapacity(headerLength + message.count)
    if isIPv4 {
      bytes += [0x45, 0]
      bytes.append(word: UInt16(headerLength + message.count))
      // May not be fragmented, so it needs no identification (RFC 6864, section 4.1).
      bytes += [0, 0, 0x40, 0, hopLimit, transport.rawValue, 0, 0]
    } else {
      bytes.append(long: 0x6000_0000)
      bytes.append(word: UInt16(message.count))
      bytes += [transport.rawValue, hopLimit]
    }
    bytes.append(source)
    bytes.append(destination)
    if isIPv4 { bytes.setWord(Checksum.folded(Checksum.sum(bytes, bytes.indices)), at: 10) }
    bytes += message

    let pseudo =
      transport == .icmp
      ? 0
      : Checksum.pseudoHeader(
        from: source, to: destination, transport: transport, length: message.count)
    let sum = Checksum.folded(Checksum.sum(bytes, headerLength..<bytes.count, from: pseudo))
    bytes.setWord(sum == 0 && transport == .udp ? 0xFFFF : sum, at: headerLength + checksum)

    let layout = Layout(
      isIPv4: isIPv4, transport, length: bytes.count, transportOffset: headerLength)
    self.init(bytes, layout)
  }
}
