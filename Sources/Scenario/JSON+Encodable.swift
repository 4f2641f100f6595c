// `Encodable` to JSON, members in the order in which they are encoded. Absent optionals are left out.

extension JSON {
  /// Whatever a synthesised `encode(to:)` can encode.
  package init(encoding value: some Encodable) {
    let box = Box()
    // A box never throws, and our types' own conformances are synthesised.
    try? value.encode(to: BoxEncoder(box: box))
    self = box.json
  }
}

/// Where a value is put together while containers hand out references to its parts.
private final class Box {
  enum Content {
    case leaf(JSON)
    case members([(String, Box)])
    case elements([Box])
  }

  var content = Content.members([])

  var json: JSON {
    switch content {
    case .leaf(let value): value
    case .members(let members): .object(members.map { .init($0.0, $0.1.json) })
    case .elements(let elements): .array(elements.map(\.json))
    }
  }

  func member(_ name: String) -> Box {
    let box = Box()
    if case .members(let members) = content {
      content = .members(members + [(name, box)])
    } else {
      content = .members([(name, box)])
    }
    return box
  }

  func element() -> Box {
    let box = Box()
    if case .elements(let elements) = content {
      content = .elements(elements + [box])
    } else {
      content = .elements([box])
    }
    return box
  }

  func put(_ value: some Encodable) throws {
    switch value {
    case let value as Bool: content = .leaf(.bool(value))
    case let value as String: content = .leaf(.string(value))
    case let value as Double: content = .leaf(.number(value))
    case let value as Float: content = .leaf(.number(Double(value)))
    case let value as UInt64: content = .leaf(.unsigned(value))
    case let value as UInt: content = .leaf(.unsigned(UInt64(value)))
    case let value as any BinaryInteger: content = .leaf(.integer(Int64(clamping: value)))
    default: try value.encode(to: BoxEncoder(box: self))
    }
  }
}

private struct BoxEncoder: Encoder {
  let box: Box
  var codingPath: [any CodingKey] { [] }
  var userInfo: [CodingUserInfoKey: Any] { [:] }

  func container<Key: CodingKey>(keyedBy type: Key.Type) -> KeyedEncodingContainer<Key> {
    KeyedEncodingContainer(Members<Key>(box: box))
  }

  func unkeyedContainer() -> any UnkeyedEncodingContainer {
    box.content = .elements([])
    return Elements(box: box)
  }

  func singleValueContainer() -> any SingleValueEncodingContainer {
    Single(box: box)
  }
}

private struct Members<Key: CodingKey>: KeyedEncodingContainerProtocol {
  let box: Box
  var codingPath: [any CodingKey] { [] }

  mutating func encodeNil(forKey key: Key) throws {
    box.member(key.stringValue).content = .leaf(.null)
  }

  mutating func encode(_ value: some Encodable, forKey key: Key) throws {
    try box.member(key.stringValue).put(value)
  }

  mutating func nestedContainer<Nested: CodingKey>(
    keyedBy type: Nested.Type, forKey key: Key
  ) -> KeyedEncodingContainer<Nested> {
    KeyedEncodingContainer(Members<Nested>(box: box.member(key.stringValue)))
  }

  mutating func nestedUnkeyedContainer(forKey key: Key) -> any UnkeyedEncodingContainer {
    BoxEncoder(box: box.member(key.stringValue)).unkeyedContainer()
  }

  mutating func superEncoder() -> any Encoder { BoxEncoder(box: box.member("super")) }
  mutating func superEncoder(forKey key: Key) -> any Encoder { BoxEncoder(box: box.member(key.stringValue)) }
}

private struct Elements: UnkeyedEncodingContainer {
  let box: Box
  var codingPath: [any CodingKey] { [] }
  var count: Int { if case .elements(let elements) = box.content { elements.count } else { 0 } }

  mutating func encodeNil() throws { box.element().content = .leaf(.null) }
  mutating func encode(_ value: some Encodable) throws { try box.element().put(value) }

  mutating func nestedContainer<Nested: CodingKey>(
    keyedBy type: Nested.Type
  ) -> KeyedEncodingContainer<Nested> {
    KeyedEncodingContainer(Members<Nested>(box: box.element()))
  }

  mutating func nestedUnkeyedContainer() -> any UnkeyedEncodingContainer {
    BoxEncoder(box: box.element()).unkeyedContainer()
  }

  mutating func superEncoder() -> any Encoder { BoxEncoder(box: box.element()) }
}

private struct Single: SingleValueEncodingContainer {
  let box: Box
  var codingPath: [any CodingKey] { [] }

  mutating func encodeNil() throws { box.content = .leaf(.null) }
  mutating func encode(_ value: some Encodable) throws { try box.put(value) }
}
