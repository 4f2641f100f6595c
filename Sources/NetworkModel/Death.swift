package import SansIO

/// A packet that went no further: where, when, and by which rule.
package struct Death: Hashable, Sendable {
  package let at: Instant
  /// The interface that sent it; nil for what a box sent.
  package let origin: InterfaceID?
  /// The box, link or segment it died at, by its name: `home/nat`, `alice/eth0/up`, `internet`.
  package let box: String
  package let rule: Rule
  /// Nil when the bytes say nothing of a flow, or a box sent it.
  package let flow: FlowName?
  /// The number of packets its sender had sent on the flow before.
  package let index: UInt64
  /// Its whole length in bytes.
  package let length: Int
  /// Its first bytes as it died, addresses as the boxes before had written them.
  package let firstBytes: [UInt8]

  /// Enough for the headers of any packet that is not trying to be odd.
  package static let firstBytesMax = 96

  /// One sentence, for a person.
  package var words: String { "\(rule.words) at \(box)" }
}

/// Why a packet died.
package enum Rule: String, Hashable, Sendable, CaseIterable {
  // Links
  case lost
  case lostInBurst
  case queueFull
  case tooBig
  case blackHole
  case linkDown
  case signalLost
  case interfaceMoved
  case partitioned
  // Segments
  case malformed
  case linkLocalOnly
  case foreignSource
  case noRoute
  case nobodyThere
  case hopLimitReached
  case multicastNotRouted
  case multicastUnheard
  case noService
  case housekeeping
  // Boxes
  case unsolicited
  case rejected
  case reset
  case portsExhausted
  case tableFull
  case hairpinRefused
  case unknownFlow
  case fragmentNotTranslated
  case protocolNotTranslated
  case firewall
  // The model's own limits
  case networkFull

  package var words: String {
    switch self {
    case .lost: "lost by chance"
    case .lostInBurst: "lost in a burst"
    case .queueFull: "the link's queue was full"
    case .tooBig: "larger than the link's MTU"
    case .blackHole: "larger than the link's MTU, which nobody says"
    case .linkDown: "the link was down"
    case .signalLost: "the signal was lost"
    case .interfaceMoved: "the interface had moved to another network"
    case .partitioned: "the network was partitioned"
    case .malformed: "not an IP packet"
    case .linkLocalOnly: "link-local addresses go no further than their link"
    case .foreignSource: "the source address is not the sender's"
    case .noRoute: "no route"
    case .nobodyThere: "nobody has this address"
    case .hopLimitReached: "the hop limit was reached"
    case .multicastNotRouted: "multicast is not routed here"
    case .multicastUnheard: "nobody else is on this link to hear it"
    case .noService: "nothing listens there"
    case .housekeeping: "router and group housekeeping, which the network does without"
    case .unsolicited: "no mapping lets it in"
    case .rejected: "no mapping lets it in, and the box says so"
    case .reset: "no mapping lets it in, and the box resets"
    case .portsExhausted: "no external port was free"
    case .tableFull: "the box's table was full"
    case .hairpinRefused: "the box does not hairpin"
    case .unknownFlow: "an ICMP error about a flow the box does not know"
    case .fragmentNotTranslated: "a fragment whose first part the box has not seen"
    case .protocolNotTranslated: "the box translates TCP, UDP and ICMP only"
    case .firewall: "the firewall's rules"
    case .networkFull: "too many packets under way at once"
    }
  }
}
