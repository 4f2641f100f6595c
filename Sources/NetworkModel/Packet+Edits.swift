extension Packet {
  /// Gives the packet another source; the family must be its own.
  package mutating func rewriteSource(to endpoint: Endpoint) {
    rewrite(addressAt: sourceOffset, portAt: sourcePortOffset, to: endpoint)
  }

  /// Gives the packet another destination; the family must be its own.
  package mutating func rewriteDestination(to endpoint: Endpoint) {
    rewrite(addressAt: destinationOffset, portAt: destinationPortOffset, to: endpoint)
  }

  /// Takes one hop from the packet's life. False, and nothing changed, when that was its last.
  package mutating func spendHop() -> Bool {
    let left = hopLimit
    guard left > 1 else { return false }
    guard isIPv4 else {
      bytes[7] = left - 1
      return true
    }
    let old = bytes.word(at: 8)
    bytes[8] = left - 1
    var change = ChecksumChange()
    change.replace(old, with: bytes.word(at: 8))
    bytes.setWord(change.applied(to: bytes.word(at: 10)), at: 10)
    return true
  }

  /// Flips one bit beyond the network header, so that the packet still arrives and only its transport's
  /// checksum knows. Nothing when there is nothing beyond.
  package mutating func flipBit(_ draw: UInt64) {
    let bits = UInt64(bytes.count - transportOffset) * 8
    guard bits > 0 else { return }
    let bit = Int(draw % bits)
    bytes[transportOffset + bit / 8] ^= 0x80 >> UInt8(bit % 8)
  }

  private var sourcePortOffset: Int? {
    if isLaterFragment { return nil }
    switch transport {
    case .tcp, .udp: return transportOffset
    case .icmp, .icmp6: return isEchoRequest ? transportOffset + 4 : nil
    default: return nil
    }
  }

  private var destinationPortOffset: Int? {
    if isLaterFragment { return nil }
    switch transport {
    case .tcp, .udp: return transportOffset + 2
    case .icmp, .icmp6: return isEchoReply ? transportOffset + 4 : nil
    default: return nil
    }
  }

  private mutating func rewrite(addressAt addressOffset: Int, portAt portOffset: Int?, to new: Endpoint) {
    precondition(new.address.isIPv4 == isIPv4, "an address of one family in a packet of the other")
    var header = ChecksumChange()
    header.replace(bytes.address(at: addressOffset, isIPv4: isIPv4), with: new.address)
    bytes.setAddress(new.address, at: addressOffset)
    // ICMP's checksum alone has no pseudo-header, and in IPv6 even that one has (RFC 4443, section 2.3).
    var transportChange = transport == .icmp ? ChecksumChange() : header
    if isIPv4 { bytes.setWord(header.applied(to: bytes.word(at: 10)), at: 10) }
    if let portOffset {
      transportChange.replace(bytes.word(at: portOffset), with: new.port)
      bytes.setWord(new.port, at: portOffset)
    }
    change(transportChecksum: transportChange)
  }

  private mutating func change(transportChecksum change: ChecksumChange) {
    if isLaterFragment { return }
    switch transport {
    case .tcp: apply(change, at: transportOffset + 16)
    case .icmp, .icmp6: apply(change, at: transportOffset + 2)
    case .udp: bytes.changeUDPChecksum(at: transportOffset + 6, by: change)
    default: break
    }
  }

  private mutating func apply(_ change: ChecksumChange, at offset: Int) {
    bytes.setWord(change.applied(to: bytes.word(at: offset)), at: offset)
  }
}

extension [UInt8] {
  /// Zero means that the sender made none, so a computed zero is sent as all ones (RFC 768).
  mutating func changeUDPChecksum(at offset: Int, by change: ChecksumChange) {
    let old = word(at: offset)
    if old == 0 { return }
    let new = change.applied(to: old)
    setWord(new == 0 ? 0xFFFF : new, at: offset)
  }
}
