/// A value as a file, a variable or a flag has it, before anyone asked whether it makes sense.
public enum RawSetting: Hashable, Sendable {
  case string(String)
  case integer(Int)
  case number(Double)
  case boolean(Bool)
  case array([RawSetting])
  /// Something no setting is made of, by its name: "a table", "a date".
  case other(String)

  var kindName: String {
    switch self {
    case .string: "a string"
    case .integer: "a whole number"
    case .number: "a number with a fraction"
    case .boolean: "true or false"
    case .array: "a list"
    case .other(let name): name
    }
  }
}
