/// The protocols an address can name: name, number and size of the value (multiformats/multiaddr,
/// protocols.csv).
enum MultiaddrProtocol: String, CaseIterable, Sendable {
  case ip4, ip6, ip6zone, ipcidr
  case dns, dns4, dns6, dnsaddr
  case tcp, udp, dccp, sctp, udt, utp
  case quic, webtransport, certhash
  case quicV1 = "quic-v1"
  case webrtc
  case webrtcDirect = "webrtc-direct"
  case p2pWebrtcDirect = "p2p-webrtc-direct"
  case tls, sni, noise
  case http, https, ws, wss
  case p2p
  case p2pCircuit = "p2p-circuit"
  case onion3, unix, memory

  /// How the value follows the number in bytes.
  enum Layout: Equatable {
    case nothing
    case fixed(bytes: Int)
    /// A varint of its size first.
    case prefixed
  }

  private var row: (code: UInt64, layout: Layout) {
    switch self {
    case .ip4: (4, .fixed(bytes: 4))
    case .tcp: (6, .fixed(bytes: 2))
    case .dccp: (33, .fixed(bytes: 2))
    case .ip6: (41, .fixed(bytes: 16))
    case .ip6zone: (42, .prefixed)
    case .ipcidr: (43, .fixed(bytes: 1))
    case .dns: (53, .prefixed)
    case .dns4: (54, .prefixed)
    case .dns6: (55, .prefixed)
    case .dnsaddr: (56, .prefixed)
    case .sctp: (132, .fixed(bytes: 2))
    case .udp: (273, .fixed(bytes: 2))
    case .p2pWebrtcDirect: (276, .nothing)
    case .webrtcDirect: (280, .nothing)
    case .webrtc: (281, .nothing)
    case .p2pCircuit: (290, .nothing)
    case .udt: (301, .nothing)
    case .utp: (302, .nothing)
    case .unix: (400, .prefixed)
    case .p2p: (421, .prefixed)
    case .https: (443, .nothing)
    case .onion3: (445, .fixed(bytes: 37))
    case .tls: (448, .nothing)
    case .sni: (449, .prefixed)
    case .noise: (454, .nothing)
    case .quic: (460, .nothing)
    case .quicV1: (461, .nothing)
    case .webtransport: (465, .nothing)
    case .certhash: (466, .prefixed)
    case .ws: (477, .nothing)
    case .wss: (478, .nothing)
    case .http: (480, .nothing)
    case .memory: (777, .fixed(bytes: 8))
    }
  }

  var name: String { rawValue }
  var code: UInt64 { row.code }
  var layout: Layout { row.layout }

  init?(name: String) {
    // `ipfs` is what `p2p` was called; it is read and never written.
    self.init(rawValue: name == "ipfs" ? "p2p" : name)
  }

  init?(code: UInt64) {
    guard let found = Self.byCode[code] else { return nil }
    self = found
  }

  private static let byCode = Dictionary(uniqueKeysWithValues: allCases.map { ($0.code, $0) })
}
