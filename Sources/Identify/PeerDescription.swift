// What is known of a peer, and how a message changes it.

package import Identity
package import Wire

/// What a peer has told of itself and we believe, fit to be shown.
package struct PeerDescription: Hashable, Sendable {
  package let peer: PeerID
  package fileprivate(set) var publicKey: PublicKey?
  /// From the peer's signed record once there has been one, from its unsigned word before.
  package fileprivate(set) var listenAddrs: [Multiaddr] = []
  /// The sequence number of the record that `listenAddrs` comes from; nil while they are unsigned.
  package fileprivate(set) var recordSequence: UInt64?
  package fileprivate(set) var protocols: [ProtocolName] = []
  /// Where the peer sees us. One peer's word: believe it when several agree.
  package fileprivate(set) var observedAddr: Multiaddr?
  package fileprivate(set) var protocolVersion: String?
  package fileprivate(set) var agentVersion: String?

  /// A peer that has said nothing yet.
  package init(of peer: PeerID) {
    self.peer = peer
  }
}

/// What became of a message's signed record.
package enum RecordOutcome: Hashable, Sendable {
  case absent
  case accepted
  /// Older than the one already known.
  case stale
  /// Not a record of this peer signed by this peer.
  case rejected(IdentityError)
}

extension Message {
  /// Changes `description` by what the message says; what it does not mention stays. Applied to a fresh
  /// description this is identify, to a known one push.
  ///
  /// - Parameters:
  ///   - description: of the peer that the connection has authenticated as the sender.
  ///   - isRelayed: whether the message came over a relay.
  /// - Throws: `.wrongPublicKey` or `.malformedPublicKey`, and then nothing has changed.
  @discardableResult
  package func apply(
    to description: inout PeerDescription, isRelayed: Bool
  ) throws(IdentifyError) -> RecordOutcome {
    if let publicKey { description.publicKey = try verified(publicKey, of: description.peer) }

    let outcome = applyAddresses(to: &description)
    if !protocols.isEmpty { description.protocols = protocols }
    if let observedAddr, !isRelayed, !observedAddr.isCircuit { description.observedAddr = observedAddr }
    if let protocolVersion { description.protocolVersion = Self.shown(protocolVersion) }
    if let agentVersion { description.agentVersion = Self.shown(agentVersion) }
    return outcome
  }

  private func verified(_ protobuf: [UInt8], of peer: PeerID) throws(IdentifyError) -> PublicKey {
    let key: PublicKey
    do { key = try PublicKey(protobuf: protobuf) } catch { throw .malformedPublicKey }
    guard key.peerID == peer else { throw .wrongPublicKey }
    return key
  }

  private func applyAddresses(to description: inout PeerDescription) -> RecordOutcome {
    let outcome = applyRecord(to: &description)
    if description.recordSequence == nil, !listenAddrs.isEmpty {
      description.listenAddrs = listenAddrs.filter { ($0.peerID ?? description.peer) == description.peer }
    }
    return outcome
  }

  private func applyRecord(to description: inout PeerDescription) -> RecordOutcome {
    guard let signedPeerRecord else { return .absent }
    let record: PeerRecord
    do { record = try PeerRecord.open(signedPeerRecord, from: description.peer) } catch {
      return .rejected(error)
    }
    if let known = description.recordSequence, record.sequence < known { return .stale }
    description.recordSequence = record.sequence
    description.listenAddrs = record.addresses
    return .accepted
  }

  private static func shown(_ version: String) -> String {
    Printable.text(version, bytesMax: MessageLimits.versionBytesMax)
  }
}
