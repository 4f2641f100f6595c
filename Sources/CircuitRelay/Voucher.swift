package import Identity
import Wire

/// A relay's signed word that it serves a peer. Advisory so far: nobody asks for it when dialling.
package struct Voucher: Hashable, Sendable {
  private static let domain = "libp2p-relay-rsvp"
  private static let type: [UInt8] = [0x03, 0x02]

  package let relay: PeerID
  package let peer: PeerID
  /// Seconds since the Unix epoch.
  package let expiration: UInt64

  package init(relay: PeerID, peer: PeerID, expiration: UInt64) {
    self.relay = relay
    self.peer = peer
    self.expiration = expiration
  }

  /// In an envelope signed by the relay, its fields in the order of their numbers.
  package func sealed(by keyPair: KeyPair) -> [UInt8] {
    precondition(keyPair.peerID == relay, "\(keyPair) signs a voucher of \(relay)")
    var message = Relay_ReservationVoucher()
    message.relay = relay.bytes.protobufBytes()
    message.peer = peer.bytes.protobufBytes()
    message.expiration = expiration
    return SignedEnvelope(
      sealing: message.encodedBytes(), type: Self.type, domain: Self.domain, with: keyPair
    ).encoded
  }

  /// Opens what `relay` gave to `peer`; anything else is a forgery or somebody else's.
  package static func open(
    _ envelope: [UInt8], from relay: PeerID, to peer: PeerID
  ) throws(CircuitRelayError) -> Voucher {
    let signer: PeerID
    let payload: [UInt8]
    do throws(IdentityError) {
      let envelope = try SignedEnvelope(decoding: envelope)
      signer = envelope.publicKey.peerID
      payload = try envelope.opened(type: type, domain: domain)
    } catch {
      throw .invalidVoucher(error)
    }
    let message: Relay_ReservationVoucher
    do { message = try Relay_ReservationVoucher(decoding: payload) } catch { throw .malformedMessage }
    guard signer == relay, let named = try? PeerID(bytes: [UInt8](message.relay)), named == relay,
      let holder = try? PeerID(bytes: [UInt8](message.peer)), holder == peer
    else { throw .voucherOfAnother }
    return Voucher(relay: relay, peer: peer, expiration: message.expiration)
  }
}
