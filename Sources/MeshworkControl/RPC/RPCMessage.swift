import NIOCore

/// One call of a client: a request when it carries an id, else a notification, which gets no answer.
struct RPCCall: Equatable, Sendable {
  /// String, integer, number or null, given back as it came; `nil` for a notification.
  let id: JSONValue?
  let method: String
  let parameters: Parameters

  enum Parameters: Equatable, Sendable {
    case none
    case positional([JSONValue])
    case named([JSONValue.Member])
  }
}

/// What one line of a client says (JSON-RPC 2.0 §4 and §6). Every line can be answered: what is wrong with
/// it is part of the value.
enum RPCMessage: Equatable, Sendable {
  case single(Entry)
  case batch([Entry])

  enum Entry: Equatable, Sendable {
    case call(RPCCall)
    /// Answered with this error, under the id if one could be read.
    case rejected(id: JSONValue, RPCError)
  }

  /// Each call of a batch may take a dial: more at once is not a client but a flood.
  static let batchMax = 64

  init(line: ByteBuffer) {
    do throws(JSONSyntaxError) {
      self.init(try JSONReader.read(Array(line.readableBytesView)))
    } catch {
      self = .rejected(
        .parseError("not JSON: column \(error.column): \(error.problem); one JSON object a line is expected"))
    }
  }

  init(_ value: JSONValue) {
    guard case .array(let elements) = value else {
      self = .single(Entry(value))
      return
    }
    if elements.isEmpty {
      self = .rejected(.invalidRequest("an empty batch asks for nothing; send at least one request in it"))
    } else if elements.count > Self.batchMax {
      self = .rejected(
        .invalidRequest(
          "a batch holds at most \(Self.batchMax) requests, not \(elements.count); send several batches"
        ))
    } else {
      self = .batch(elements.map(Entry.init))
    }
  }

  static func rejected(_ error: RPCError) -> RPCMessage { .single(.rejected(id: .null, error)) }
}

extension RPCMessage.Entry {
  init(_ value: JSONValue) {
    guard case .object = value else {
      self = .rejected(
        id: .null, .invalidRequest("a request is a JSON object like \(Self.example), not \(value.kind)"))
      return
    }
    let id = value["id"]
    switch id {
    case nil, .null, .integer, .number, .string: break
    case .bool, .array, .object:
      self = .rejected(id: .null, .invalidRequest("\"id\" must be a string, a number or null"))
      return
    }
    guard value["jsonrpc"] == "2.0" else {
      self = .rejected(id: id ?? .null, .invalidRequest("\"jsonrpc\" must be \"2.0\", as in \(Self.example)"))
      return
    }
    guard let method = value["method"]?.text else {
      self = .rejected(
        id: id ?? .null, .invalidRequest("\"method\" must be the method's name, as in \(Self.example)"))
      return
    }
    let parameters: RPCCall.Parameters
    switch value["params"] {
    case nil: parameters = .none
    case .array(let values): parameters = .positional(values)
    case .object(let members): parameters = .named(members)
    case .null, .bool, .integer, .number, .string:
      self = .rejected(
        id: id ?? .null, .invalidRequest("\"params\" must be an object of named parameters, or an array"))
      return
    }
    self = .call(RPCCall(id: id, method: method, parameters: parameters))
  }

  private static let example = #"{"jsonrpc":"2.0","id":1,"method":"node.info"}"#
}

/// The lines a server sends.
enum RPCAnswer {
  static func result(_ result: JSONValue, id: JSONValue) -> JSONValue {
    ["jsonrpc": "2.0", "id": id, "result": result]
  }

  static func error(_ error: RPCError, id: JSONValue) -> JSONValue {
    ["jsonrpc": "2.0", "id": id, "error": error.json]
  }

  static func answer(_ result: Result<JSONValue, RPCError>, id: JSONValue) -> JSONValue {
    switch result {
    case .success(let result): Self.result(result, id: id)
    case .failure(let error): Self.error(error, id: id)
    }
  }

  static func event(_ event: NumberedEvent) -> JSONValue {
    ["jsonrpc": "2.0", "method": "event", "params": event.json]
  }
}

extension ByteBuffer {
  /// The value as text, with room for the end of a line.
  init(json value: JSONValue) {
    var writer = JSONWriter()
    writer.write(value)
    self.init()
    reserveCapacity(writer.bytes.count + 1)
    writeBytes(writer.bytes)
  }

  /// The value as one line, with its end.
  init(line value: JSONValue) {
    self.init(json: value)
    writeInteger(UInt8(ascii: "\n"))
  }

  /// An array of values that are text already.
  init(array elements: [ByteBuffer]) {
    self.init()
    reserveCapacity(elements.reduce(3) { $0 + $1.readableBytes + 1 })
    for (index, element) in elements.enumerated() {
      writeInteger(UInt8(ascii: index == 0 ? "[" : ","))
      writeImmutableBuffer(element)
    }
    writeInteger(UInt8(ascii: "]"))
  }
}
