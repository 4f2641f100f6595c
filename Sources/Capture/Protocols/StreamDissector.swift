package import NIOCore
package import Wire

/// Reads both directions of one stream, after its protocol was agreed on.
///
/// Sides are those of the stream: the initiator opened it. What is found goes to `findings.add(_:by:)`, with
/// the packet of the bytes just given. Bytes come in any pieces; what waits for more is counted in
/// `heldBytes`. A direction that breaks its protocol is said to be `.malformed`, once, and then not read.
package protocol StreamDissector: Sendable {
  mutating func receive(_ bytes: ByteBuffer, from side: Role, findings: inout Findings)
  /// This side will say no more.
  mutating func finished(_ side: Role, findings: inout Findings)
  /// This side has ended the stream for both.
  mutating func wasReset(by side: Role, findings: inout Findings)
  /// Nothing more comes from either side, whether they finished or not.
  mutating func ended(findings: inout Findings)
  var heldBytes: Int { get }
  /// The next keys might open what is held.
  var isWaitingForKeys: Bool { get }
  /// More keys have come.
  mutating func retry(findings: inout Findings)
}

extension StreamDissector {
  package mutating func finished(_ side: Role, findings: inout Findings) {}
  package mutating func wasReset(by side: Role, findings: inout Findings) {}
  package mutating func ended(findings: inout Findings) {}
  package var heldBytes: Int { 0 }
  package var isWaitingForKeys: Bool { false }
  package mutating func retry(findings: inout Findings) {}
}

/// Which protocols are read, and by what.
enum StreamProtocols {
  /// Asked in order. Each answers with a fresh dissector for the names it knows.
  private static let known: [@Sendable (ProtocolName, Limits) -> (any StreamDissector)?] = [
    IdentifyDissector.init(_:limits:), PingDissector.init(_:limits:), GossipDissector.init(_:limits:),
    ChatDissector.init(_:limits:), PerfDissector.init(_:limits:), RelayDissector.init(_:limits:),
    PunchDissector.init(_:limits:), AutoNATDissector.init(_:limits:),
  ]

  static func dissector(of name: ProtocolName, limits: Limits) -> any StreamDissector {
    for make in known {
      if let dissector = make(name, limits) { return dissector }
    }
    return OpaqueDissector()
  }
}
