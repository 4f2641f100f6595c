public import Logging
public import Meshwork

/// A setting that was read and checked.
public enum SettingValue: Hashable, Sendable {
  case text(String)
  case addresses([Multiaddr])
  case interfaces([APIEndpoint])
  case flag(Bool)
  case integer(Int)
  case seconds(Double)
  case level(Logger.Level)
}

/// Where the JSON-RPC interface is served.
public enum APIEndpoint: Hashable, Sendable, CustomStringConvertible {
  /// Standard input and output.
  case standardStreams
  /// A UNIX socket; without a path at the usual place.
  case socket(path: String?)

  /// As flags and files have it.
  public var description: String {
    switch self {
    case .standardStreams: "stdio"
    case .socket(nil): "unix"
    case .socket(let path?): "unix:\(path)"
    }
  }
}

/// What a setting is made of, and how it is read.
enum SettingKind: Sendable {
  case text(bytesMax: Int)
  case addresses(AddressRule)
  case interfaces
  case flag
  case path
  case level
  case integer(ClosedRange<Int>, unit: String?)
  case seconds(ClosedRange<Double>)

  enum AddressRule: Sendable {
    case any
    /// Of this machine: an IP address and a port.
    case listen
    /// Of one certain peer.
    case withPeer
  }

  /// What is wrong with a value: of a list, with which element.
  struct Complaint: Equatable {
    var element: String?
    var text: String
  }

  /// The value, unless there are complaints, which are added.
  func read(_ raw: RawSetting, _ complaints: inout [Complaint]) -> SettingValue? {
    switch (self, raw) {
    case (.text(let bytesMax), .string(let text)):
      guard !text.isEmpty, text.utf8.count <= bytesMax else {
        return complain("must be text of 1 to \(bytesMax) bytes, not \(text.utf8.count)", &complaints)
      }
      guard !text.unicodeScalars.contains(where: { $0.properties.generalCategory == .control }) else {
        return complain("must not contain control characters", &complaints)
      }
      return .text(text)
    case (.path, .string(let text)):
      guard !text.isEmpty else { return complain("must be a path, not empty", &complaints) }
      guard !text.hasPrefix("~") else {
        return complain("\"\(text)\" is taken as it stands; write the whole path instead of ~", &complaints)
      }
      return .text(text)
    case (.level, .string(let text)):
      guard let level = Logger.Level(rawValue: text.lowercased()) else {
        let levels = Logger.Level.allCases.map(\.rawValue)
        return complain(
          "\"\(text)\" is not a level; write one of \(levels.joined(separator: ", "))", &complaints)
      }
      return .level(level)
    case (.flag, .boolean(let flag)):
      return .flag(flag)
    case (.integer(let range, let unit), .integer(let number)):
      guard range.contains(number) else {
        let unit = unit.map { " \($0)" } ?? ""
        return complain(
          "\(number) is out of range; write \(range.lowerBound) to \(range.upperBound)\(unit)", &complaints)
      }
      return .integer(number)
    case (.seconds(let range), .integer(let number)):
      return seconds(Double(number), range, &complaints)
    case (.seconds(let range), .number(let number)):
      return seconds(number, range, &complaints)
    case (.addresses(let rule), .array(let elements)):
      return addresses(elements, rule, &complaints)
    case (.interfaces, .array(let elements)):
      return interfaces(elements, &complaints)
    case (.text, _), (.path, _), (.level, _), (.flag, _), (.integer, _), (.seconds, _), (.addresses, _),
      (.interfaces, _):
      return complain("must be \(expectation), not \(raw.kindName)", &complaints)
    }
  }

  /// The value as text has it that knows no types: a variable of the environment.
  func raw(_ text: String) -> RawSetting {
    switch self {
    case .text, .path, .level: return .string(text)
    case .flag:
      switch text.lowercased() {
      case "1", "true", "yes", "on": return .boolean(true)
      case "0", "false", "no", "off": return .boolean(false)
      default: return .string(text)
      }
    case .integer: return Int(text).map { .integer($0) } ?? .string(text)
    case .seconds: return Double(text).map { .number($0) } ?? .string(text)
    case .addresses, .interfaces:
      let parts = text.split(separator: ",").map { part in part.drop { $0 == " " } }
      return .array(parts.map { .string(String($0)) })
    }
  }

  private var expectation: String {
    switch self {
    case .text: "a string"
    case .path: "a path, as a string"
    case .level: "a level, as a string like \"info\""
    case .flag: "true or false"
    case .integer(let range, let unit):
      "a whole number from \(range.lowerBound) to \(range.upperBound)" + (unit.map { " (\($0))" } ?? "")
    case .seconds: "a number of seconds"
    case .addresses: "a list of multiaddrs, like [\"/ip4/192.0.2.1/tcp/4001\"]"
    case .interfaces: "a list of \"stdio\", \"unix\" and \"unix:PATH\""
    }
  }

  private func seconds(
    _ number: Double, _ range: ClosedRange<Double>, _ complaints: inout [Complaint]
  ) -> SettingValue? {
    guard range.contains(number) else {
      return complain(
        "\(number) is out of range; write \(range.lowerBound) to \(range.upperBound) seconds", &complaints)
    }
    return .seconds(number)
  }

  private func addresses(
    _ elements: [RawSetting], _ rule: AddressRule, _ complaints: inout [Complaint]
  ) -> SettingValue? {
    var addresses: [Multiaddr] = []
    for element in elements {
      guard case .string(let text) = element else {
        complaints.append(.init(text: "must hold strings only, not \(element.kindName)"))
        continue
      }
      do {
        let address = try Multiaddr(text)
        if let problem = rule.problem(address) {
          complaints.append(.init(element: text, text: "\"\(text)\" \(problem)"))
        } else {
          addresses.append(address)
        }
      } catch {
        complaints.append(.init(element: text, text: AddressText.complaint(text, error)))
      }
    }
    return addresses.count == elements.count ? .addresses(addresses) : nil
  }

  private func interfaces(_ elements: [RawSetting], _ complaints: inout [Complaint]) -> SettingValue? {
    var endpoints: [APIEndpoint] = []
    for element in elements {
      switch element {
      case .string("stdio"): endpoints.append(.standardStreams)
      case .string("unix"): endpoints.append(.socket(path: nil))
      case .string(let text) where text.hasPrefix("unix:") && text != "unix:":
        endpoints.append(.socket(path: String(text.dropFirst("unix:".count))))
      case .string(let text):
        complaints.append(
          .init(element: text, text: "\"\(text)\" is no interface; write stdio, unix or unix:PATH"))
      case .integer, .number, .boolean, .array, .other:
        complaints.append(.init(text: "must hold strings only, not \(element.kindName)"))
      }
    }
    guard endpoints.count == elements.count else { return nil }
    guard Set(endpoints).count == endpoints.count else {
      return complain("names the same interface twice; remove one", &complaints)
    }
    return .interfaces(endpoints)
  }

  private func complain(_ text: String, _ complaints: inout [Complaint]) -> SettingValue? {
    complaints.append(Complaint(text: text))
    return nil
  }
}

extension SettingKind.AddressRule {
  /// Why an address cannot be used for this, to be read after the address.
  func problem(_ address: Multiaddr) -> String? {
    let parts = address.description.split(separator: "/").map(String.init)
    switch self {
    case .any: return nil
    case .listen:
      guard let first = parts.first, first == "ip4" || first == "ip6" else {
        return "is not of this machine; begin with /ip4/ADDRESS or /ip6/ADDRESS"
      }
      guard parts.contains("tcp") || parts.contains("udp") else { return "has no port; add /tcp/PORT" }
      return nil
    case .withPeer:
      return parts.contains("p2p") ? nil : "does not say which peer that is; add /p2p/PEERID"
    }
  }
}
