import Node

/// What stands between the node and the internet, in as much as others' observations tell it (RFC 4787,
/// RFC 5382).
public struct NATInfo: Sendable, Hashable {
  /// How a router maps this node's port.
  public enum Mapping: String, Sendable, Hashable {
    /// Too few peers in different networks have seen this node.
    case unknown
    /// There is no router, or it maps nothing.
    case none
    /// One public port, whoever the node speaks to.
    case endpointIndependent = "endpoint-independent"
    /// Another public port for each peer: "symmetric".
    case addressDependent = "address-dependent"
  }

  /// Whom it lets in.
  public enum Filtering: String, Sendable, Hashable {
    /// Nobody has tried.
    case unknown
    /// Whoever knows the public address.
    case open
    /// Only those the node has sent something.
    case endpointDependent = "endpoint-dependent"
  }

  /// How a router maps this node's port.
  public let mapping: Mapping
  /// Whether the public port is the one the node listens on; nil where that is not known.
  public let preservesPort: Bool?
  /// Whom it lets in.
  public let filtering: Filtering
}

extension NATInfo {
  init(_ diagnosis: NATDiagnosis) {
    switch diagnosis.mapping {
    case .unknown: (mapping, preservesPort) = (.unknown, nil)
    case .none: (mapping, preservesPort) = (.none, nil)
    case .endpointIndependent(let preservesPort):
      (mapping, self.preservesPort) = (.endpointIndependent, preservesPort)
    case .addressDependent: (mapping, preservesPort) = (.addressDependent, nil)
    }
    switch diagnosis.filtering {
    case .unknown: filtering = .unknown
    case .open: filtering = .open
    case .endpointDependent: filtering = .endpointDependent
    }
  }

  /// What it means for direct connections, in words for a person.
  public var explanation: String {
    switch (mapping, filtering) {
    case (.none, .endpointDependent):
      "A firewall lets in only whom this node has sent something: direct connections work where both ends "
        + "dial at once."
    case (.none, _): "Others see the address this node listens on: they can connect directly."
    case (.endpointIndependent, .open):
      "The router gives this node one public port and lets everybody in: direct connections work with "
        + "everyone."
    case (.endpointIndependent, _):
      "The router gives this node one public port: direct connections work with peers whose router does the "
        + "same, or lets everybody in."
    case (.addressDependent, _):
      "The router gives this node another public port for each peer (\"symmetric\"): direct connections work "
        + "only with peers that can be reached by everybody; with others messages go through a relay."
    case (.unknown, _):
      "Not known yet: it takes peers in two networks, two relays for example, to tell what the router does."
    }
  }
}
