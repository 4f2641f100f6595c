package import Wire

/// Where a peer says it can be reached, signed by itself, newer records in place of older ones (libp2p specs,
/// RFC 0003).
package struct PeerRecord: Hashable, Sendable {
  /// More than any honest peer has, and what one record may put into an address book.
  package static let addressesMax = 128

  package let peerID: PeerID
  /// Grows with every record of a peer; often the time in nanoseconds.
  package let sequence: UInt64
  package let addresses: [Multiaddr]

  package init(peerID: PeerID, sequence: UInt64, addresses: [Multiaddr]) {
    self.peerID = peerID
    self.sequence = sequence
    self.addresses = addresses
  }

  /// The record in a signed envelope, in the form every implementation but old Rust ones sends.
  package func sealed(by keyPair: KeyPair) -> [UInt8] {
    precondition(
      keyPair.peerID == peerID, "\(keyPair) signs a record of \(peerID), which nobody would accept")
    return SignedEnvelope(
      sealing: encoded, type: Form.standard.type, domain: Form.standard.domain, with: keyPair
    )
    .encoded
  }

  /// Opens an envelope that `sender` gave as its own record.
  ///
  /// The record must be about the peer that signed it, and that peer must be the sender: whoever may plant
  /// records of others fills address books with them (CVE-2023-40583). Addresses that this node cannot read,
  /// or that lead to another peer, are left out; of more than `addressesMax` the first are kept.
  package static func open(_ envelope: [UInt8], from sender: PeerID) throws(IdentityError) -> PeerRecord {
    let envelope = try SignedEnvelope(decoding: envelope)
    guard let form = Form.allCases.first(where: { $0.type == envelope.payloadType }) else {
      throw .unexpectedPayloadType
    }
    let record = try PeerRecord(decoding: envelope.opened(type: form.type, domain: form.domain))
    guard record.peerID == sender, envelope.publicKey.peerID == sender else { throw .recordOfAnotherPeer }
    return record
  }

  private init(decoding bytes: [UInt8]) throws(IdentityError) {
    let message: Record_PeerRecord
    do { message = try Record_PeerRecord(decoding: bytes) } catch { throw .malformedRecord }
    let peerID = try PeerID(bytes: [UInt8](message.peerID))
    var addresses: [Multiaddr] = []
    for entry in message.addresses where addresses.count < Self.addressesMax {
      // Other peers may know protocols that this one does not: an unreadable address is no offence.
      guard let address = try? Multiaddr(bytes: [UInt8](entry.multiaddr)) else { continue }
      if let leadsTo = address.peerID, leadsTo != peerID { continue }
      addresses.append(address)
    }
    self.init(peerID: peerID, sequence: message.seq, addresses: addresses)
  }

  private var encoded: [UInt8] {
    var message = Record_PeerRecord()
    message.peerID = peerID.bytes.protobufBytes()
    message.seq = sequence
    message.addresses = addresses.map { address in
      var entry = Record_PeerRecord.AddressInfo()
      entry.multiaddr = address.bytes.protobufBytes()
      return entry
    }
    return message.encodedBytes()
  }
}

extension PeerRecord {
  /// The two ways in which records are signed.
  private enum Form: CaseIterable {
    case standard
    /// What rust-libp2p signs unless told otherwise. Read, never written.
    case rust

    var domain: String {
      switch self {
      case .standard: "libp2p-peer-record"
      case .rust: "libp2p-routing-state"
      }
    }

    var type: [UInt8] {
      switch self {
      case .standard: [0x03, 0x01]
      case .rust: [UInt8]("/libp2p/routing-state-record".utf8)
      }
    }
  }
}
