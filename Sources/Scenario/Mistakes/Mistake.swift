/// Something in a scenario that cannot be meant: told before anything starts, all of them at once.
package struct Mistake: Sendable, Equatable {
  package let line: Int
  package let message: String
}

extension Plan {
  /// All mistakes, by line. An empty list means that the plan can be carried out as far as it can be known.
  package var mistakes: [Mistake] {
    var mistakes = Mistakes(plan: self)
    mistakes.lookAtNames()
    mistakes.lookAtNetwork()
    mistakes.lookAtSteps()
    mistakes.lookAtExpectations()
    return mistakes.found.enumerated()
      .sorted { ($0.element.line, $0.offset) < ($1.element.line, $1.offset) }.map(\.element)
  }
}

/// The search for mistakes: one concern a file.
struct Mistakes {
  let plan: Plan
  private(set) var found: [Mistake] = []
  /// Hosts whose program was started by some step.
  var everStarted: Set<String> = []

  init(plan: Plan) {
    self.plan = plan
  }

  mutating func add(_ line: Int, _ message: String) {
    found.append(Mistake(line: line, message: message))
  }

  /// More than this a machine cannot carry; the lab's limits are far below.
  static let hostsMax = 1000
  static let nameBytesMax = 32

  mutating func lookAtNames() {
    if plan.hosts.isEmpty { add(1, "there is no host: net.node(\"ana\") makes one") }
    if plan.hosts.count > Self.hostsMax {
      add(plan.hosts[Self.hostsMax].line, "\(plan.hosts.count) hosts, of at most \(Self.hostsMax)")
    }
    var lines: [String: Int] = [:]
    let named = plan.lans.map { ($0.name, $0.line, "LAN") } + plan.hosts.map { ($0.name, $0.line, "host") }
    for (name, line, kind) in named {
      if let first = lines[name] {
        add(line, "\(kind) “\(name)”: the name is taken by line \(first)")
      } else {
        lines[name] = line
      }
      if !Self.isName(name) {
        add(
          line,
          "\(kind) “\(name)”: a name is 1 to \(Self.nameBytesMax) of a–z, 0–9 and hyphens, "
            + "and begins with a letter"
        )
      }
    }
  }

  /// Names become file names and host names.
  static func isName(_ name: String) -> Bool {
    let isPlain = name.utf8.allSatisfy { byte in
      (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte)
        || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) || byte == UInt8(ascii: "-")
    }
    guard let first = name.utf8.first, isPlain, name.utf8.count <= nameBytesMax else { return false }
    return first >= UInt8(ascii: "a")
  }
}
