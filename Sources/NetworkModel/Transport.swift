/// What an IP packet carries, by its protocol number (RFC 791 and 8200; IANA "Assigned Internet Protocol
/// Numbers").
package struct Transport: RawRepresentable, Hashable, Sendable, CustomStringConvertible {
  package let rawValue: UInt8

  package init(rawValue: UInt8) { self.rawValue = rawValue }

  package static let icmp = Transport(rawValue: 1)
  package static let igmp = Transport(rawValue: 2)
  package static let tcp = Transport(rawValue: 6)
  package static let udp = Transport(rawValue: 17)
  package static let icmp6 = Transport(rawValue: 58)

  package var description: String {
    switch self {
    case .icmp: "icmp"
    case .igmp: "igmp"
    case .tcp: "tcp"
    case .udp: "udp"
    case .icmp6: "icmp6"
    default: "protocol-\(rawValue)"
    }
  }
}

/// RFC 9293, section 3.1.
package struct TCPFlags: OptionSet, Hashable, Sendable {
  package let rawValue: UInt8

  package init(rawValue: UInt8) { self.rawValue = rawValue }

  package static let fin = TCPFlags(rawValue: 1)
  package static let syn = TCPFlags(rawValue: 2)
  package static let rst = TCPFlags(rawValue: 4)
  package static let psh = TCPFlags(rawValue: 8)
  package static let ack = TCPFlags(rawValue: 16)
}

/// ICMP message types, both families (RFC 792, RFC 4443, RFC 4861).
enum ICMP {
  static let echoReply: UInt8 = 0
  static let unreachable: UInt8 = 3
  static let redirect: UInt8 = 5
  static let echoRequest: UInt8 = 8
  static let timeExceeded: UInt8 = 11
  static let parameterProblem: UInt8 = 12

  static let unreachable6: UInt8 = 1
  static let packetTooBig6: UInt8 = 2
  static let timeExceeded6: UInt8 = 3
  static let parameterProblem6: UInt8 = 4
  static let echoRequest6: UInt8 = 128
  static let echoReply6: UInt8 = 129
  static let listenerQuery6: UInt8 = 130
  static let listenerDone6: UInt8 = 132
  static let routerSolicitation6: UInt8 = 133
  static let redirect6: UInt8 = 137
  static let listenerReport6: UInt8 = 143
}
