import FoundationEssentials

/// The envelope of JSON-RPC 2.0: what is inside is for whoever asked.
enum JSONRPC {
  /// A line from the process.
  enum Incoming {
    case event(type: String)
    case response(id: Int)
    case other
  }

  static func read(_ line: ArraySlice<UInt8>) -> Incoming? {
    struct Envelope: Decodable {
      struct Parameters: Decodable { let type: String? }
      let id: Int?
      let method: String?
      let params: Parameters?
    }
    guard let envelope = try? JSONDecoder().decode(Envelope.self, from: Data(line)) else { return nil }
    if let id = envelope.id, envelope.method == nil { return .response(id: id) }
    if envelope.method == "event", let type = envelope.params?.type { return .event(type: type) }
    return .other
  }

  static func request<Parameters: Encodable>(
    id: Int, _ method: String, _ parameters: Parameters
  ) throws(LabError) -> [UInt8] {
    do {
      let encoder = JSONEncoder()
      encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
      return Array(try encoder.encode(Request(id: id, method: method, params: parameters))) + [0x0A]
    } catch {
      throw .description("\(method) cannot be asked with \(parameters): \(error)")
    }
  }

  private struct Request<Parameters: Encodable>: Encodable {
    let jsonrpc = "2.0"
    let id: Int
    let method: String
    let params: Parameters
  }

  private struct Response<Result: Decodable>: Decodable {
    struct Failure: Decodable {
      let code: Int
      let message: String
    }
    let result: Result?
    let error: Failure?
  }

  static func result<Result: Decodable>(_ type: Result.Type, of line: [UInt8], for method: String)
    throws(LabError)
    -> Result
  {
    let response: Response<Result>
    do {
      response = try JSONDecoder().decode(Response<Result>.self, from: Data(line))
    } catch {
      throw .program(
        "the answer to \(method) makes no sense: \(String(decoding: line.prefix(300), as: UTF8.self))")
    }
    if let error = response.error { throw .program("\(method): \(error.message) (\(error.code))") }
    guard let result = response.result else {
      throw .program("the answer to \(method) has neither result nor error")
    }
    return result
  }
}

/// No parameters, or a result that nobody looks at.
package struct Nothing: Codable, Sendable, Hashable {
  package init() {}
  package init(from decoder: any Decoder) throws {}
  package func encode(to encoder: any Encoder) throws { _ = encoder.container(keyedBy: NoKeys.self) }

  private enum NoKeys: CodingKey {}
}
