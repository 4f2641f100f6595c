extension Multiaddr {
  /// One step of an address.
  package enum Component: Hashable, Sendable {
    case ip4(IPv4Address)
    case ip6(IPv6Address)
    /// Before an `ip6` that is only unique on one interface: the interface.
    case ip6zone(String)
    case ipcidr(UInt8)
    case dns(String)
    case dns4(String)
    case dns6(String)
    /// A name whose TXT records hold addresses.
    case dnsaddr(String)
    case tcp(UInt16)
    case udp(UInt16)
    case dccp(UInt16)
    case sctp(UInt16)
    case udt
    case utp
    /// The draft 29 of QUIC, obsolete.
    case quic
    case quicV1
    case webtransport
    case certhash(Multihash)
    case webrtc
    case webrtcDirect
    case p2pWebrtcDirect
    case tls
    case sni(String)
    case noise
    case http
    case https
    case ws
    case wss
    /// The peer at this point of the address.
    case p2p(Multihash)
    /// Through the relay told before, to the peer told after.
    case p2pCircuit
    /// The 35 bytes of an onion service and a port.
    case onion3([UInt8], port: UInt16)
    /// A path from the root, the last thing in an address.
    case unix(String)
    case memory(UInt64)
  }
}

extension Multiaddr.Component {
  var known: MultiaddrProtocol {
    switch self {
    case .ip4: .ip4
    case .ip6: .ip6
    case .ip6zone: .ip6zone
    case .ipcidr: .ipcidr
    case .dns: .dns
    case .dns4: .dns4
    case .dns6: .dns6
    case .dnsaddr: .dnsaddr
    case .tcp: .tcp
    case .udp: .udp
    case .dccp: .dccp
    case .sctp: .sctp
    case .udt: .udt
    case .utp: .utp
    case .quic: .quic
    case .quicV1: .quicV1
    case .webtransport: .webtransport
    case .certhash: .certhash
    case .webrtc: .webrtc
    case .webrtcDirect: .webrtcDirect
    case .p2pWebrtcDirect: .p2pWebrtcDirect
    case .tls: .tls
    case .sni: .sni
    case .noise: .noise
    case .http: .http
    case .https: .https
    case .ws: .ws
    case .wss: .wss
    case .p2p: .p2p
    case .p2pCircuit: .p2pCircuit
    case .onion3: .onion3
    case .unix: .unix
    case .memory: .memory
    }
  }
}
