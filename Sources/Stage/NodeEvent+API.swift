import FoundationEssentials
import SansIO
import Scenario
import Verdict

extension NodeEvent {
  /// Reads an event as the API tells it; nil for what is none. PeerIDs of the plan's hosts become their
  /// names.
  init?(host: String, at: Instant, line: String, _ name: (String) -> String?) {
    struct Envelope: Decodable { let params: [String: Loose] }
    guard let envelope = try? JSONDecoder().decode(Envelope.self, from: Data(line.utf8)) else { return nil }
    self.init(host: host, at: at, envelope.params, name)
  }

  init?(host: String, at: Instant, _ params: [String: Loose], _ name: (String) -> String?) {
    guard let type = params["type"]?.text, let number = params["seq"]?.text.flatMap({ Int($0) }) else {
      return nil
    }
    self.init(host, number, at: at, type)
    fields = params.keys.sorted().filter { $0 != "type" && $0 != "seq" }.compactMap { key in
      params[key]?.text.map { Fact.Field(name: key, value: name($0) ?? $0) }
    }
  }
}

/// A JSON value of which only text is wanted.
struct Loose: Decodable {
  /// Nil for null.
  let text: String?

  init(from decoder: any Decoder) throws {
    if let values = try? decoder.singleValueContainer().decode([Loose].self) {
      text = values.compactMap(\.text).joined(separator: " ")
      return
    }
    let value = try decoder.singleValueContainer()
    if let string = try? value.decode(String.self) {
      text = string
    } else if let flag = try? value.decode(Bool.self) {
      text = "\(flag)"
    } else if let number = try? value.decode(Int64.self) {
      text = "\(number)"
    } else if let number = try? value.decode(Double.self) {
      text = "\(number)"
    } else {
      text = nil
    }
  }
}
