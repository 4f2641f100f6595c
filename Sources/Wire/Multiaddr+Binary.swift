// Components in bytes: the protocol's number as a varint, the size as a varint where it varies, the value.

extension Multiaddr.Component {
  /// Takes a component from the front.
  init(decoding bytes: inout ArraySlice<UInt8>) throws(WireError) {
    let code = try Varint.decode(&bytes)
    guard let known = MultiaddrProtocol(code: code) else { throw .unknownProtocolCode(code) }
    let size: Int
    switch known.layout {
    case .nothing: size = 0
    case .fixed(let bytes): size = bytes
    case .prefixed:
      guard let announced = Int(exactly: try Varint.decode(&bytes)) else { throw .truncated }
      size = announced
    }
    guard size <= bytes.count else { throw .truncated }
    let value = bytes.prefix(size)
    bytes = bytes.dropFirst(size)
    try self.init(known, value: value)
  }

  func encode(into bytes: inout [UInt8]) {
    let value = value
    Varint.encode(known.code, into: &bytes)
    if known.layout == .prefixed { Varint.encode(UInt64(value.count), into: &bytes) }
    bytes += value
  }

  /// From the value alone.
  init(_ known: MultiaddrProtocol, value: ArraySlice<UInt8>) throws(WireError) {
    switch known {
    case .ip4: self = .ip4(try known.need(IPv4Address(bytes: value)))
    case .ip6: self = .ip6(try known.need(IPv6Address(bytes: value)))
    case .ip6zone: self = .ip6zone(try known.name(value))
    case .ipcidr: self = .ipcidr(try known.number(value))
    case .dns: self = .dns(try known.name(value))
    case .dns4: self = .dns4(try known.name(value))
    case .dns6: self = .dns6(try known.name(value))
    case .dnsaddr: self = .dnsaddr(try known.name(value))
    case .tcp: self = .tcp(try known.number(value))
    case .udp: self = .udp(try known.number(value))
    case .dccp: self = .dccp(try known.number(value))
    case .sctp: self = .sctp(try known.number(value))
    case .udt: self = .udt
    case .utp: self = .utp
    case .quic: self = .quic
    case .quicV1: self = .quicV1
    case .webtransport: self = .webtransport
    case .certhash: self = .certhash(try Multihash(bytes: [UInt8](value)))
    case .webrtc: self = .webrtc
    case .webrtcDirect: self = .webrtcDirect
    case .p2pWebrtcDirect: self = .p2pWebrtcDirect
    case .tls: self = .tls
    case .sni: self = .sni(try known.name(value))
    case .noise: self = .noise
    case .http: self = .http
    case .https: self = .https
    case .ws: self = .ws
    case .wss: self = .wss
    case .p2p: self = .p2p(try known.peer(Multihash(bytes: [UInt8](value))))
    case .p2pCircuit: self = .p2pCircuit
    case .onion3: self = .onion3([UInt8](value.prefix(35)), port: try known.onionPort(value.dropFirst(35)))
    case .unix: self = .unix(try known.path(value))
    case .memory: self = .memory(try known.number(value))
    }
  }

  private var value: [UInt8] {
    switch self {
    case .ip4(let address): address.bytes
    case .ip6(let address): address.bytes
    case .ipcidr(let bits): [bits]
    case .tcp(let port), .udp(let port), .dccp(let port), .sctp(let port): port.bigEndianBytes
    case .ip6zone(let text), .dns(let text), .dns4(let text), .dns6(let text), .dnsaddr(let text),
      .sni(let text),
      .unix(let text):
      [UInt8](text.utf8)
    case .p2p(let hash), .certhash(let hash): hash.bytes
    case .onion3(let service, let port): service + port.bigEndianBytes
    case .memory(let number): number.bigEndianBytes
    case .udt, .utp, .quic, .quicV1, .webtransport, .webrtc, .webrtcDirect, .p2pWebrtcDirect, .tls, .noise,
      .http,
      .https, .ws, .wss, .p2pCircuit:
      []
    }
  }
}

// What a value may be. Each either gives it or says that this protocol cannot have it.
extension MultiaddrProtocol {
  func need<Value>(_ value: Value?) throws(WireError) -> Value {
    guard let value else { throw .invalidValue(of: name) }
    return value
  }

  func peer(_ hash: Multihash) throws(WireError) -> Multihash {
    try need(hash.isPeerID ? hash : nil)
  }

  func onionPort(_ bytes: some Collection<UInt8>) throws(WireError) -> UInt16 {
    let port: UInt16 = try number(bytes)
    return try need(port > 0 ? port : nil)
  }

  /// A number of exactly as many bytes, big endian.
  fileprivate func number<Number: FixedWidthInteger>(_ bytes: some Collection<UInt8>) throws(WireError)
    -> Number
  {
    try need(bytes.count == Number.bitWidth / 8 ? bytes.reduce(0) { $0 << 8 | Number($1) } : nil)
  }

  /// A host or an interface. It ends up in addresses as text, so it cannot have what would end it there; and
  /// on terminals, so it cannot have what would move the cursor.
  func name(_ bytes: some Collection<UInt8>) throws(WireError) -> String {
    try need(bytes.contains(UInt8(ascii: "/")) ? nil : printable(bytes))
  }

  /// A path from the root that names something below it.
  func path(_ bytes: some BidirectionalCollection<UInt8>) throws(WireError) -> String {
    let slash = UInt8(ascii: "/")
    return try need(bytes.first == slash && bytes.last != slash ? printable(bytes) : nil)
  }

  private func printable(_ bytes: some Collection<UInt8>) -> String? {
    guard !bytes.isEmpty, let text = String(validating: bytes, as: UTF8.self) else { return nil }
    return text.unicodeScalars.contains { $0.properties.generalCategory == .control } ? nil : text
  }
}
