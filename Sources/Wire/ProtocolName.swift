/// What a stream speaks, as multistream-select names it: `/ipfs/ping/1.0.0`.
package struct ProtocolName: Hashable, Sendable, ExpressibleByStringLiteral, CustomStringConvertible {
  package let rawValue: String

  package init(_ rawValue: String) {
    self.rawValue = rawValue
  }

  package init(stringLiteral rawValue: String) {
    self.rawValue = rawValue
  }

  package var description: String { rawValue }
}
