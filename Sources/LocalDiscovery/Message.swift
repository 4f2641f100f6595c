import SansIO
import Wire

/// A DNS message (RFC 1035, section 4), as far as mDNS uses it.
struct Message: Equatable, Sendable {
  /// RFC 6762, section 17: nothing longer is ever sent.
  static let bytesMax = 9000
  /// Questions and records that are read; the rest of a message is not looked at. A full list of known
  /// answers in an ordinary packet has some 30.
  static let entriesMax = 128
  /// In all names together. Reverse addresses of IPv6 have 34 each, anything else a handful.
  static let labelsMax = 4096

  var id: UInt16 = 0
  var isResponse = false
  /// More known answers follow in a message of their own (RFC 6762, section 7.2).
  var isTruncated = false
  var questions: [Question] = []
  var answers: [Record] = []
  var additionals: [Record] = []
  /// There was more than is read.
  var isCut = false
}

enum RecordType: UInt16, Sendable {
  case ip4 = 1
  case pointer = 12
  case text = 16
  case ip6 = 28
  case service = 33
  /// In questions: all of them.
  case any = 255
}

struct Question: Hashable, Sendable {
  var name: Name
  /// Nil: of a type that we have no records of.
  var type: RecordType?
  /// The sender would rather have the answer for itself (RFC 6762, section 5.4).
  var wantsUnicast = false
}

struct Record: Hashable, Sendable {
  var name: Name
  var data: Data
  var ttlSeconds: UInt32
  /// All records of this name and type are in this message; forget others (RFC 6762, section 10.2).
  var isUnique = false

  enum Data: Hashable, Sendable {
    case pointer(Name)
    /// Strings of up to 255 bytes.
    case text([[UInt8]])
    case service(host: Name, port: UInt16)
    case ip4(IPv4Address)
    case ip6(IPv6Address)
  }
}

extension Record.Data {
  var type: RecordType {
    switch self {
    case .pointer: .pointer
    case .text: .text
    case .service: .service
    case .ip4: .ip4
    case .ip6: .ip6
    }
  }
}

enum MessageError: AttributedError {
  /// Ends too early, or has names or lengths that cannot be.
  case malformed
  /// Of another kind than standard queries and their answers (RFC 6762, section 18.3 and 18.11).
  case unsupported

  var fault: Fault { .peer }
}
