package import Identity
import NIOCore

/// A peer named in a PRUNE, to turn to instead (gossipsub v1.1, "Peer Exchange").
package struct PeerOffer: Hashable, Sendable {
  package let peer: PeerID
  /// An envelope with its addresses, signed by it and not yet verified; empty if none was sent.
  package let signedRecord: [UInt8]

  package init(peer: PeerID, signedRecord: [UInt8]) {
    self.peer = peer
    self.signedRecord = signedRecord
  }

  var encoded: ByteBuffer {
    var body = ByteBuffer()
    body.writeField(1, bytes: peer.bytes)
    if !signedRecord.isEmpty { body.writeField(2, bytes: signedRecord) }
    return body
  }

  /// Nil if no peer is named.
  init?(decoding bytes: ByteBuffer) throws(RouterError) {
    var peer: PeerID?
    var record: [UInt8] = []
    var reader = FieldReader(bytes)
    while let field = try reader.next() {
      switch (field.number, field.value) {
      case (1, .bytes(let bytes)): peer = try? PeerID(bytes: [UInt8](bytes.readableBytesView))
      case (2, .bytes(let bytes)): record = [UInt8](bytes.readableBytesView)
      case (1...2, _): throw .malformedRPC
      default: break
      }
    }
    guard let peer else { return nil }
    self.init(peer: peer, signedRecord: record)
  }
}
