/// Where and how a peer can be reached, told from the outside in: `/ip4/192.0.2.1/tcp/4001/p2p/12D3KooW…`.
///
/// Held as its bytes, of which every address has exactly one form, and compared by them. Bounded: an address
/// of more than 1 KiB or 24 components is refused before it is looked into. One that exists is valid: every
/// component is known and has a value it can have, so there is no failing later. Source:
/// multiformats/multiaddr. Shapes: `/name` or `/name/value`, one after the other; `/unix` takes all that
/// follows as its path.
public struct Multiaddr: Hashable, Sendable {
  /// Certificate hashes and long host names make addresses of some hundred bytes; nothing honest comes near
  /// this.
  package static let bytesMax = 1024
  /// A relayed address over WebTransport has nine.
  package static let componentsMax = 24
  /// Text is longer than bytes: at most three times, but for a few components with long names and no value.
  private static let charactersMax = 3 * bytesMax

  /// The binary form, as peers send it.
  public let bytes: [UInt8]

  /// Reads the text form. Slashes at the end are ignored.
  public init(_ text: String) throws(WireError) {
    try self.init(Self.parse(text.utf8[...]))
  }

  /// Reads the binary form.
  public init(bytes: [UInt8]) throws(WireError) {
    guard bytes.count <= Self.bytesMax else { throw .addressTooLong(limit: Self.bytesMax) }
    _ = try Self.decode(bytes)
    self.bytes = bytes
  }

  /// Puts an address together. Throws what reading the same from bytes would throw.
  package init(_ components: [Component]) throws(WireError) {
    guard components.count <= Self.componentsMax else { throw .tooManyComponents(limit: Self.componentsMax) }
    var bytes: [UInt8] = []
    for component in components { component.encode(into: &bytes) }
    try self.init(bytes: bytes)
  }

  package var components: [Component] {
    do {
      return try Self.decode(bytes)
    } catch {
      preconditionFailure("the address \(bytes) was valid when it was made: \(error)")
    }
  }

  private static func decode(_ bytes: [UInt8]) throws(WireError) -> [Component] {
    guard !bytes.isEmpty else { throw .emptyAddress }
    var rest = bytes[...]
    var components: [Component] = []
    while !rest.isEmpty {
      guard components.count < componentsMax else { throw .tooManyComponents(limit: componentsMax) }
      if case .unix = components.last { throw .componentAfterPath }
      components.append(try Component(decoding: &rest))
    }
    return components
  }

  private static func parse(_ text: Substring.UTF8View) throws(WireError) -> [Component] {
    let slash = UInt8(ascii: "/")
    guard text.count <= charactersMax else { throw .textTooLong(limit: charactersMax) }
    var rest = text
    while rest.last == slash { rest.removeLast() }
    guard rest.first == slash else { throw .emptyAddress }

    /// Takes `/part` from the front, without its slash.
    func popPart() -> Substring.UTF8View? {
      guard rest.popFirst() != nil else { return nil }
      let part = rest.prefix { $0 != slash }
      rest = rest[part.endIndex...]
      return part
    }

    var components: [Component] = []
    while let part = popPart() {
      guard components.count < componentsMax else { throw .tooManyComponents(limit: componentsMax) }
      let name = String(decoding: part, as: UTF8.self)
      guard let known = MultiaddrProtocol(name: name) else { throw .unknownProtocol(name) }
      if known.layout == .nothing {
        components.append(try Component(known, value: []))
      } else if known == .unix {
        guard !rest.isEmpty else { throw .missingValue(of: name) }
        components.append(try Component(known, text: rest))
        rest = rest[rest.endIndex...]
      } else {
        guard let value = popPart() else { throw .missingValue(of: name) }
        components.append(try Component(known, text: value))
      }
    }
    return components
  }
}

extension Multiaddr: CustomStringConvertible {
  /// The text form, in the one way go-multiaddr writes it.
  public var description: String { components.map(\.description).joined() }
}
