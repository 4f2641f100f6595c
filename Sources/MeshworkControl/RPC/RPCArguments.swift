/// The parameters of one call, read by name whether they came by name or in order.
struct RPCArguments {
  private let method: String
  private let values: [String: JSONValue]

  /// - Parameter names: the method's parameters in order.
  init(_ call: RPCCall, names: [String]) throws(RPCError) {
    method = call.method
    var values: [String: JSONValue] = [:]
    switch call.parameters {
    case .none: break
    case .positional(let given):
      guard given.count <= names.count else {
        throw .invalidParams("\(call.method) takes \(Self.list(names)), not \(given.count) parameters")
      }
      for (name, value) in zip(names, given) { values[name] = value }
    case .named(let members):
      for member in members {
        guard names.contains(member.name) else {
          throw .invalidParams(
            "\(call.method) has no parameter \"\(member.name)\""
              + (Nearest.suggestion(for: member.name, among: names) ?? "; it takes \(Self.list(names))"))
        }
        values[member.name] = member.value
      }
    }
    self.values = values.filter { $0.value != .null }
  }

  func text(_ name: String) throws(RPCError) -> String {
    guard let value = values[name] else { throw .invalidParams("\(method) needs \"\(name)\", a string") }
    guard case .string(let text) = value else {
      throw .invalidParams("\"\(name)\" of \(method) must be a string, not \(value.kind)")
    }
    return text
  }

  func optionalText(_ name: String) throws(RPCError) -> String? {
    values[name] == nil ? nil : try text(name)
  }

  func whole(_ name: String, in range: ClosedRange<Int64>, default fallback: Int64) throws(RPCError) -> Int64
  {
    guard let value = values[name] else { return fallback }
    guard case .integer(let number) = value, range.contains(number) else {
      throw .invalidParams(
        "\"\(name)\" of \(method) must be a whole number from \(range.lowerBound) to \(range.upperBound), "
          + "not \(value)")
    }
    return number
  }

  private static func list(_ names: [String]) -> String {
    names.isEmpty ? "no parameters" : names.map { "\"\($0)\"" }.joined(separator: ", ")
  }
}
