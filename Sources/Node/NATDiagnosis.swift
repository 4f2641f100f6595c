/// What stands between this node and the internet, in as much as peers' observations tell it (the behaviours
/// of RFC 4787, section 4 and 5, for TCP those of RFC 5382).
package struct NATDiagnosis: Hashable, Sendable {
  package enum Mapping: Hashable, Sendable {
    /// Too few peers in different networks have seen us.
    case unknown
    /// None: peers see an address that we listen on.
    case none
    /// One public port for our one, whoever we speak to.
    case endpointIndependent(preservesPort: Bool)
    /// Another public port for each peer: "symmetric".
    case addressDependent
  }

  package enum Filtering: Hashable, Sendable {
    /// No peer has tried.
    case unknown
    /// Whoever knows our public address gets in.
    case open
    /// Only whom we have sent something.
    case endpointDependent
  }

  package var mapping: Mapping
  package var filtering: Filtering

  package init(mapping: Mapping, filtering: Filtering) {
    self.mapping = mapping
    self.filtering = filtering
  }
}
