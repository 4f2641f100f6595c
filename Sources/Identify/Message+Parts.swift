// A message cut into parts that every implementation reads.

import Wire

extension Message {
  /// The parts to send, in order: as few as fit, with everything but list entries in the first, because
  /// rust-libp2p reads no further. Protocols come before addresses, and the signed record, which repeats the
  /// addresses, last.
  func parts() throws(IdentifyError) -> [Identify_Message] {
    var writer = PartWriter()
    if let publicKey {
      writer.add(publicKey.count) { $0.publicKey = publicKey.protobufBytes() }
    }
    if let observedAddr {
      writer.add(observedAddr.bytes.count) { $0.observedAddr = observedAddr.bytes.protobufBytes() }
    }
    if let protocolVersion {
      writer.add(protocolVersion.utf8.count) { $0.protocolVersion = protocolVersion }
    }
    if let agentVersion {
      writer.add(agentVersion.utf8.count) { $0.agentVersion = agentVersion }
    }
    for name in protocols {
      writer.add(name.rawValue.utf8.count) { $0.protocols.append(name.rawValue) }
    }
    for address in listenAddrs {
      writer.add(address.bytes.count) { $0.listenAddrs.append(address.bytes.protobufBytes()) }
    }
    if let signedPeerRecord {
      writer.add(signedPeerRecord.count) { $0.signedPeerRecord = signedPeerRecord.protobufBytes() }
    }
    return try writer.finish()
  }
}

/// Fills one part after the other, and measures them.
private struct PartWriter {
  private var parts: [Identify_Message] = []
  private var part = Identify_Message()
  private var partBytes = 0
  private var finishedBytes = 0
  private var longestPartBytes = 0

  /// Adds a field whose content has `count` bytes; in a new part if this one has no room.
  mutating func add(_ count: Int, _ set: (inout Identify_Message) -> Void) {
    // Every field number here fits into a tag of one byte.
    let fieldBytes = 1 + Varint.size(of: UInt64(count)) + count
    if partBytes > 0, partBytes + fieldBytes > MessageLimits.sentPartBytesMax { finishPart() }
    set(&part)
    partBytes += fieldBytes
  }

  mutating func finish() throws(IdentifyError) -> [Identify_Message] {
    finishPart()
    guard longestPartBytes <= MessageLimits.sentPartBytesMax, finishedBytes <= MessageLimits.bytesMax,
      parts.count <= MessageLimits.partsMax
    else { throw .ownMessageTooLarge(bytes: finishedBytes) }
    return parts
  }

  private mutating func finishPart() {
    parts.append(part)
    finishedBytes += partBytes
    longestPartBytes = max(longestPartBytes, partBytes)
    part = Identify_Message()
    partBytes = 0
  }
}
