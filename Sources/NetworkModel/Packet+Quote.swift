/// The beginning of another packet, quoted in an ICMP error: who had sent what to whom.
struct Quote {
  let transport: Transport
  let source: Endpoint
  let destination: Endpoint
  /// Where it begins in the packet that quotes it, and where its transport header does.
  let offset: Int
  let transportOffset: Int
}

extension Packet {
  /// Nil when this is no ICMP error, or quotes too little to say: RFC 792 grants eight bytes of transport.
  var quote: Quote? {
    guard isICMPError else { return nil }
    let start = payloadOffset
    let rest = bytes.count - start
    guard rest > 0, bytes[start] >> 4 == (isIPv4 ? 4 : 6) else { return nil }
    let end: Int
    let transport: Transport
    if isIPv4 {
      guard rest >= 20 else { return nil }
      let header = Int(bytes[start] & 0xF) * 4
      guard header >= 20, bytes.word(at: start + 6) & 0x1FFF == 0 else { return nil }
      end = start + header
      transport = Transport(rawValue: bytes[start + 9])
    } else {
      guard rest >= 40,
        let chain = try? ExtensionHeaders(
          of: bytes, from: start + 40, to: bytes.count, next: bytes[start + 6]),
        !chain.isLaterFragment
      else { return nil }
      end = chain.offset
      transport = Transport(rawValue: chain.next)
    }
    guard bytes.count >= end + 8 else { return nil }
    let ports = quotedPorts(transport, at: end)
    return Quote(
      transport: transport,
      source: Endpoint(bytes.address(at: start + sourceOffset, isIPv4: isIPv4), ports.source),
      destination: Endpoint(bytes.address(at: start + destinationOffset, isIPv4: isIPv4), ports.destination),
      offset: start, transportOffset: end)
  }

  private func quotedPorts(_ transport: Transport, at offset: Int) -> (source: UInt16, destination: UInt16) {
    switch transport {
    case .tcp, .udp: return (bytes.word(at: offset), bytes.word(at: offset + 2))
    case .icmp, .icmp6:
      let type = bytes[offset]
      let identifier = bytes.word(at: offset + 4)
      if type == (isIPv4 ? ICMP.echoRequest : ICMP.echoRequest6) { return (identifier, 0) }
      if type == (isIPv4 ? ICMP.echoReply : ICMP.echoReply6) { return (0, identifier) }
      return (0, 0)
    default: return (0, 0)
    }
  }

  /// Gives the quoted packet another source (IPv4): its own checksums follow as far as they are quoted, and
  /// so does that of the ICMP message around it (RFC 5508, section 4.2).
  mutating func rewriteQuotedSource(_ quote: Quote, to endpoint: Endpoint) {
    rewriteQuoted(quote, addressAt: quote.offset + 12, isSource: true, to: endpoint)
  }

  /// The same for the quoted packet's destination.
  mutating func rewriteQuotedDestination(_ quote: Quote, to endpoint: Endpoint) {
    rewriteQuoted(quote, addressAt: quote.offset + 16, isSource: false, to: endpoint)
  }

  private mutating func rewriteQuoted(
    _ quote: Quote, addressAt addressOffset: Int, isSource: Bool, to new: Endpoint
  ) {
    guard isIPv4, new.address.isIPv4 else { return }
    var header = ChecksumChange()
    header.replace(bytes.address(at: addressOffset, isIPv4: true), with: new.address)
    bytes.setAddress(new.address, at: addressOffset)
    let headerChecksum = quote.offset + 10
    bytes.setWord(header.applied(to: bytes.word(at: headerChecksum)), at: headerChecksum)

    let start = quote.transportOffset
    switch quote.transport {
    case .tcp, .udp:
      let port = start + (isSource ? 0 : 2)
      header.replace(bytes.word(at: port), with: new.port)
      bytes.setWord(new.port, at: port)
      if quote.transport == .udp {
        bytes.changeUDPChecksum(at: start + 6, by: header)
      } else if bytes.count >= start + 18 {
        bytes.setWord(header.applied(to: bytes.word(at: start + 16)), at: start + 16)
      }
    case .icmp:
      var change = ChecksumChange()
      change.replace(bytes.word(at: start + 4), with: new.port)
      bytes.setWord(new.port, at: start + 4)
      bytes.setWord(change.applied(to: bytes.word(at: start + 2)), at: start + 2)
    default: break
    }
    recomputeICMPChecksum()
  }

  /// Errors are rare and short: from scratch.
  mutating func recomputeICMPChecksum() {
    bytes.setWord(0, at: transportOffset + 2)
    let message = transportOffset..<bytes.count
    let start =
      isIPv4
      ? 0
      : Checksum.pseudoHeader(
        from: sourceAddress, to: destinationAddress, transport: .icmp6, length: message.count)
    bytes.setWord(Checksum.folded(Checksum.sum(bytes, message, from: start)), at: transportOffset + 2)
  }
}
