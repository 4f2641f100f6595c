extension Packet {
  var sourceOffset: Int { isIPv4 ? 12 : 8 }
  var destinationOffset: Int { isIPv4 ? 16 : 24 }

  package var sourceAddress: Address { bytes.address(at: sourceOffset, isIPv4: isIPv4) }
  package var destinationAddress: Address { bytes.address(at: destinationOffset, isIPv4: isIPv4) }

  /// Ports are zero where there are none: later fragments, ICMP other than echo, other protocols.
  package var source: Endpoint { Endpoint(sourceAddress, sourcePort) }
  package var destination: Endpoint { Endpoint(destinationAddress, destinationPort) }

  package var sourcePort: UInt16 {
    if isLaterFragment { return 0 }
    switch transport {
    case .tcp, .udp: return bytes.word(at: transportOffset)
    case .icmp, .icmp6: return isEchoRequest ? bytes.word(at: transportOffset + 4) : 0
    default: return 0
    }
  }

  package var destinationPort: UInt16 {
    if isLaterFragment { return 0 }
    switch transport {
    case .tcp, .udp: return bytes.word(at: transportOffset + 2)
    case .icmp, .icmp6: return isEchoReply ? bytes.word(at: transportOffset + 4) : 0
    default: return 0
    }
  }

  /// Routers left to pass through: the time to live, or the hop limit.
  package var hopLimit: UInt8 { bytes[isIPv4 ? 8 : 7] }

  /// IPv6 is never fragmented on the way (RFC 8200, section 5).
  package var mayNotBeFragmented: Bool { !isIPv4 || bytes[6] & 0x40 != 0 }

  /// Empty for anything but TCP.
  package var tcpFlags: TCPFlags {
    guard transport == .tcp, !isLaterFragment else { return [] }
    return TCPFlags(rawValue: bytes[transportOffset + 13])
  }

  package var tcpSequence: UInt32 { tcpLong(at: 4) }
  package var tcpAcknowledgement: UInt32 { tcpLong(at: 8) }

  private func tcpLong(at offset: Int) -> UInt32 {
    guard transport == .tcp, !isLaterFragment else { return 0 }
    return bytes.long(at: transportOffset + offset)
  }

  /// What the transport carries: beyond the TCP, UDP or ICMP header; all of it otherwise.
  package var payload: ArraySlice<UInt8> { bytes[payloadOffset...] }

  var payloadOffset: Int {
    if isLaterFragment { return transportOffset }
    switch transport {
    case .tcp: return transportOffset + Int(bytes[transportOffset + 12] >> 4) * 4
    case .udp, .icmp, .icmp6: return transportOffset + 8
    default: return transportOffset
    }
  }

  /// Nil for anything but ICMP of the packet's own family.
  var icmpType: UInt8? {
    guard transport == (isIPv4 ? .icmp : .icmp6), !isLaterFragment else { return nil }
    return bytes[transportOffset]
  }

  package var isEchoRequest: Bool { icmpType == (isIPv4 ? ICMP.echoRequest : ICMP.echoRequest6) }
  package var isEchoReply: Bool { icmpType == (isIPv4 ? ICMP.echoReply : ICMP.echoReply6) }

  /// Reports what became of another packet, which it quotes (RFC 792; RFC 4443, section 2.1).
  package var isICMPError: Bool {
    guard let type = icmpType else { return false }
    if !isIPv4 { return (1...127).contains(type) }
    return [ICMP.unreachable, ICMP.timeExceeded, ICMP.parameterProblem, ICMP.redirect].contains(type)
  }

  /// Spoken between neighbours and routers, never forwarded: router and neighbour discovery (RFC 4861), MLD
  /// (RFC 2710 and 3810), IGMP (RFC 3376).
  var isLinkHousekeeping: Bool {
    if isIPv4 { return transport == .igmp }
    guard let type = icmpType else { return false }
    return (ICMP.listenerQuery6...ICMP.redirect6).contains(type) || type == ICMP.listenerReport6
  }
}
