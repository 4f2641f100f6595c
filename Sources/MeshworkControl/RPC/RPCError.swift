/// An error as JSON-RPC 2.0 §5.1 has it: a number for programs, a sentence for people.
public struct RPCError: Error, Hashable, Sendable, CustomStringConvertible {
  /// The kind of error; negative numbers from -32768 to -32000 are the specification's.
  public let code: Int64
  /// What was wrong, where, and what to do.
  public let message: String

  /// An error with a code and a sentence.
  public init(code: Int64, message: String) {
    self.code = code
    self.message = message
  }

  /// -32700: the line is not JSON.
  public static func parseError(_ message: String) -> RPCError { .init(code: -32700, message: message) }
  /// -32600: the JSON is not a request.
  public static func invalidRequest(_ message: String) -> RPCError { .init(code: -32600, message: message) }
  /// -32601: there is no such method.
  public static func unknownMethod(_ message: String) -> RPCError { .init(code: -32601, message: message) }
  /// -32602: the method cannot work with these parameters.
  public static func invalidParams(_ message: String) -> RPCError { .init(code: -32602, message: message) }
  /// -32000: the request was understood, and what it asked for failed.
  public static func failed(_ message: String) -> RPCError { .init(code: -32000, message: message) }
  /// -32001: a limit of the server is reached.
  public static func limit(_ message: String) -> RPCError { .init(code: -32001, message: message) }

  /// The sentence.
  public var description: String { message }

  var json: JSONValue { ["code": .integer(code), "message": .string(message)] }
}
