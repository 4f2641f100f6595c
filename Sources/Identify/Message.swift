// What one peer says of itself, read and written.

import SwiftProtobuf
package import Wire

/// An identify message as it was said, unchecked. Absent and empty are the same for lists: in a push,
/// unchanged.
package struct Message: Hashable, Sendable {
  /// In libp2p's protobuf form.
  package var publicKey: [UInt8]?
  package var listenAddrs: [Multiaddr]
  package var protocols: [ProtocolName]
  /// Where the sender sees the receiver.
  package var observedAddr: Multiaddr?
  package var protocolVersion: String?
  package var agentVersion: String?
  /// A signed envelope that holds a peer record.
  package var signedPeerRecord: [UInt8]?
  /// List entries left out of a received message: unreadable, repeated, or over a limit. Counted, and no
  /// offence: other peers may know address formats that this one does not.
  package var ignoredEntries = 0

  package init(
    publicKey: [UInt8]? = nil, listenAddrs: [Multiaddr] = [], protocols: [ProtocolName] = [],
    observedAddr: Multiaddr? = nil, protocolVersion: String? = nil, agentVersion: String? = nil,
    signedPeerRecord: [UInt8]? = nil
  ) {
    self.publicKey = publicKey
    self.listenAddrs = listenAddrs
    self.protocols = protocols
    self.observedAddr = observedAddr
    self.protocolVersion = protocolVersion
    self.agentVersion = agentVersion
    self.signedPeerRecord = signedPeerRecord
  }
}

// Reading.

extension Message {
  init(_ wire: Identify_Message) {
    self.init()
    publicKey = wire.hasPublicKey ? [UInt8](wire.publicKey) : nil
    protocolVersion = wire.hasProtocolVersion ? wire.protocolVersion : nil
    agentVersion = wire.hasAgentVersion ? wire.agentVersion : nil
    signedPeerRecord = wire.hasSignedPeerRecord ? [UInt8](wire.signedPeerRecord) : nil
    if wire.hasObservedAddr { observedAddr = try? Multiaddr(bytes: [UInt8](wire.observedAddr)) }

    listenAddrs = keepFirst(MessageLimits.listenAddrsMax, of: wire.listenAddrs) { raw in
      try? Multiaddr(bytes: [UInt8](raw))
    }
    protocols = keepFirst(MessageLimits.protocolsMax, of: wire.protocols) { name in
      // A name that cannot be shown as it is cannot be proposed either.
      name.isEmpty || !Printable.isPrintable(name) ? nil : ProtocolName(name)
    }
  }

  private mutating func keepFirst<Raw, Entry: Hashable>(
    _ limit: Int, of raw: [Raw], _ read: (Raw) -> Entry?
  ) -> [Entry] {
    var seen: Set<Entry> = []
    var kept: [Entry] = []
    for candidate in raw where kept.count < limit {
      if let entry = read(candidate), seen.insert(entry).inserted { kept.append(entry) }
    }
    ignoredEntries += raw.count - kept.count
    return kept
  }
}
