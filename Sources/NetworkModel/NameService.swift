/// The scenario's public name service: answers UDP queries for A and AAAA records (RFC 1035, RFC 3596) at one
/// address of each family, everywhere on the internet.
package struct NameService: Sendable {
  package static let address4 = Address(11, 0, 0, 53)
  package static let address6 = Address(high: 0x2600_0053_0000_0000, low: 0x53)
  package static let addresses = [address4, address6]
  package static let port: UInt16 = 53

  /// Without EDNS a response has at most 512 bytes: RFC 1035, section 4.2.1.
  private static let responseMax = 512
  /// RFC 1035, section 3.1.
  private static let nameMax = 255
  /// Short, as hosts move.
  private static let secondsToLive: UInt32 = 1

  private var records: [String: [Address]] = [:]

  package init() {}

  /// The addresses of a name, which replace those before; none removes it. Case does not matter.
  package mutating func set(_ name: String, to addresses: [Address]) {
    let key = Self.key(name)
    records[key] = addresses.isEmpty ? nil : addresses
  }

  /// The response to a query, or nil when there is nothing to say to it.
  package func response(to query: ArraySlice<UInt8>) -> [UInt8]? {
    let query = Array(query)
    // Twelve bytes of header, and not itself a response.
    guard query.count >= 12, query[2] & 0x80 == 0 else { return nil }
    guard query[2] & 0x78 == 0 else { return Self.header(query, code: 4, question: []) }
    guard query.word(at: 4) == 1, let question = Self.question(in: query) else {
      return Self.header(query, code: 1, question: [])
    }
    let end = 12 + question.length
    guard let addresses = records[question.name] else {
      return Self.header(query, code: 3, question: query[12..<end])
    }
    var response = Self.header(query, code: 0, question: query[12..<end])
    var count: UInt16 = 0
    for address in addresses where question.class == 1 && Self.fits(address, question.type) {
      let length = address.isIPv4 ? 4 : 16
      if response.count + 12 + length > Self.responseMax {
        response[2] |= 0x02  // truncated
        break
      }
      response.append(word: 0xC00C)  // the question's name
      response.append(word: address.isIPv4 ? 1 : 28)
      response.append(word: 1)
      response.append(long: Self.secondsToLive)
      response.append(word: UInt16(length))
      response.append(address)
      count += 1
    }
    response.setWord(count, at: 6)
    return response
  }

  private static func fits(_ address: Address, _ type: UInt16) -> Bool {
    type == 255 || type == (address.isIPv4 ? 1 : 28)
  }

  /// Authoritative, recursion available, and one question or none.
  private static func header(_ query: [UInt8], code: UInt8, question: ArraySlice<UInt8>) -> [UInt8] {
    var header = [query[0], query[1], 0x84 | query[2] & 0x79, 0x80 | code, 0, question.isEmpty ? 0 : 1]
    header += [0, 0, 0, 0, 0, 0]
    return header + question
  }

  private static func question(
    in query: [UInt8]
  ) -> (name: String, type: UInt16, class: UInt16, length: Int)? {
    var labels: [String] = []
    var cursor = 12
    while cursor < query.count, query[cursor] != 0 {
      let length = Int(query[cursor])
      // A question is the first name, so there is nothing to point back to.
      guard length < 64, cursor + 1 + length < query.count, cursor + length - 12 < nameMax else { return nil }
      labels.append(String(decoding: query[cursor + 1..<cursor + 1 + length], as: UTF8.self))
      cursor += 1 + length
    }
    guard cursor + 5 <= query.count else { return nil }
    return (
      key(labels.joined(separator: ".")), query.word(at: cursor + 1), query.word(at: cursor + 3),
      cursor + 5 - 12
    )
  }

  /// Lower-case ASCII, without the root's dot.
  private static func key(_ name: String) -> String {
    let bytes = name.utf8.map { (65...90).contains($0) ? $0 + 32 : $0 }
    return String(decoding: bytes.last == UInt8(ascii: ".") ? bytes.dropLast() : bytes[...], as: UTF8.self)
  }
}
