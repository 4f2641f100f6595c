// Components in text: `/name`, or `/name/value`.

extension Multiaddr.Component {
  /// From the text of the value alone.
  init(_ known: MultiaddrProtocol, text: Substring.UTF8View) throws(WireError) {
    switch known {
    case .ip4: self = .ip4(try known.need(IPv4Address(text: text)))
    case .ip6: self = .ip6(try known.need(IPv6Address(String(decoding: text, as: UTF8.self))))
    case .ipcidr: self = .ipcidr(try known.need(UInt8(decimal: text)))
    case .tcp: self = .tcp(try known.need(UInt16(decimal: text)))
    case .udp: self = .udp(try known.need(UInt16(decimal: text)))
    case .dccp: self = .dccp(try known.need(UInt16(decimal: text)))
    case .sctp: self = .sctp(try known.need(UInt16(decimal: text)))
    case .memory: self = .memory(try known.need(UInt64(decimal: text)))
    case .certhash: self = .certhash(try Multihash(bytes: Multibase.decode(text)))
    case .p2p: self = .p2p(try Multihash(peerIDText: String(decoding: text, as: UTF8.self)))
    case .onion3:
      let parts = text.split(separator: UInt8(ascii: ":"), omittingEmptySubsequences: false)
      let service = try Base32.characters.decode(parts[0])
      guard parts.count == 2, service.count == 35, let port = UInt16(decimal: parts[1]), port > 0 else {
        throw .invalidValue(of: known.name)
      }
      self = .onion3(service, port: port)
    case .ip6zone, .dns, .dns4, .dns6, .dnsaddr, .sni, .unix, .udt, .utp, .quic, .quicV1, .webtransport,
      .webrtc,
      .webrtcDirect, .p2pWebrtcDirect, .tls, .noise, .http, .https, .ws, .wss, .p2pCircuit:
      try self.init(known, value: [UInt8](text)[...])
    }
  }
}

extension Multiaddr.Component: CustomStringConvertible {
  package var description: String {
    switch self {
    case .ip4(let address): "/ip4/\(address)"
    case .ip6(let address): "/ip6/\(address)"
    case .ipcidr(let bits): "/ipcidr/\(bits)"
    case .tcp(let port), .udp(let port), .dccp(let port), .sctp(let port): "/\(known.name)/\(port)"
    case .ip6zone(let text), .dns(let text), .dns4(let text), .dns6(let text), .dnsaddr(let text),
      .sni(let text):
      "/\(known.name)/\(text)"
    case .unix(let path): "/unix\(path)"
    case .p2p(let hash): "/p2p/\(Base58.encode(hash.bytes))"
    case .certhash(let hash): "/certhash/u\(Base64URL.encode(hash.bytes))"
    case .onion3(let service, let port): "/onion3/\(Base32.encode(service)):\(port)"
    case .memory(let number): "/memory/\(number)"
    case .udt, .utp, .quic, .quicV1, .webtransport, .webrtc, .webrtcDirect, .p2pWebrtcDirect, .tls, .noise,
      .http,
      .https, .ws, .wss, .p2pCircuit:
      "/\(known.name)"
    }
  }
}
