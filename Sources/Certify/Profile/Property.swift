/// One thing that a NAT does, as it can be seen from its two sides.
package enum Property: String, CaseIterable, Hashable, Sendable, Codable, CodingKeyRepresentable {
  /// RFC 4787, section 4.1.
  case udpMapping = "UDP mapping"
  /// RFC 4787, section 5.
  case udpFiltering = "UDP filtering"
  /// RFC 5382, section 4.1.
  case tcpMapping = "TCP mapping"
  /// RFC 5382, section 4.3.
  case tcpFiltering = "TCP filtering"
  /// RFC 4787, section 4.2.1: preserved, overloaded or neither.
  case ports = "ports"
  case tcpPorts = "TCP ports"
  /// Whether each of a dozen sockets gets a port.
  case coverage = "sockets mapped"
  /// Of those that are allocated.
  case order = "order of ports"
  /// RFC 4787, section 4.2.2.
  case parity = "parity"
  /// RFC 4787, section 4.2.3.
  case contiguity = "contiguity"
  /// RFC 4787, section 4.1, REQ-2.
  case pooling = "pooling"
  /// RFC 6888, REQ-4.
  case block = "ports of one host"
  /// RFC 4787, section 6.
  case hairpin = "hairpin"
  /// RFC 4787, section 4.3, after an answer has come.
  case idle = "UDP idle lifetime"
  /// The same before one has.
  case unreplied = "UDP unreplied lifetime"
  case absolute = "UDP absolute lifetime"
  /// RFC 4787, section 4.3, REQ-6.
  case refresh = "UDP refresh"
  /// RFC 5382, section 5.
  case tcpIdle = "TCP idle lifetime"
  /// RFC 5382, REQ-4.
  case unsolicited = "unsolicited"
  /// RFC 5382, REQ-2: two SYNs that cross.
  case simultaneousOpen = "TCP simultaneous open"
}

/// A property in which a NAT does not do what it declares.
package struct Finding: Hashable, Sendable, Codable, CustomStringConvertible {
  package let property: Property
  package let declared: String
  /// Nil: nothing could be measured.
  package let measured: String?

  package var description: String {
    "\(property.rawValue): declared \(declared), measured \(measured ?? "nothing")"
  }
}

/// What a NAT does, a word for each property that is known. What a behaviour promises and what was measured
/// have the same form, and the same words.
package struct Profile: Hashable, Sendable, Codable {
  private var words: [Property: String] = [:]

  package init() {}

  package init(from decoder: any Decoder) throws {
    words = try decoder.singleValueContainer().decode([Property: String].self)
  }

  package func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(words)
  }

  package subscript(property: Property) -> String? {
    get { words[property] }
    set { words[property] = newValue }
  }

  /// Takes what the other one knows.
  mutating func merge(_ other: Profile) { words.merge(other.words) { _, new in new } }

  /// Where a measured profile is not as this one declares. What this one does not speak of may be anything.
  package func findings(in measured: Profile) -> [Finding] {
    Property.allCases.compactMap { property in
      guard let declared = words[property], declared != measured[property] else { return nil }
      return Finding(property: property, declared: declared, measured: measured[property])
    }
  }
}
