/// Something an item says, as people and programs read it.
protocol Fact {
  /// What happened, in the first word or two behind the family: `tcp.syn`.
  var kind: String { get }
  /// A line for people, without who and when. Texts of strangers in it are made safe to show.
  var text: String { get }
  /// Members beside the kind.
  func describe(in line: inout JSONLine)
}

extension Fact {
  func describe(in line: inout JSONLine) {}
}

extension What {
  /// Whatever it is, by name and as itself: the one place that lists all.
  private var parts: (family: String, fact: any Fact) {
    switch self {
    case .tcp(let fact): ("tcp", fact)
    case .udp(let fact): ("udp", fact)
    case .multistream(let fact): ("multistream", fact)
    case .noise(let fact): ("noise", fact)
    case .yamux(let fact): ("yamux", fact)
    case .identify(let fact): ("identify", fact)
    case .ping(let fact): ("ping", fact)
    case .gossip(let fact): ("gossip", fact)
    case .chat(let fact): ("chat", fact)
    case .perf(let fact): ("perf", fact)
    case .relay(let fact): ("relay", fact)
    case .punch(let fact): ("punch", fact)
    case .autoNAT(let fact): ("autonat", fact)
    case .opaque(let fact): ("opaque", fact)
    case .note(let fact): ("note", fact)
    }
  }

  package static let families = [
    "tcp", "udp", "multistream", "noise", "yamux", "identify", "ping", "gossip", "chat", "perf", "relay",
    "punch", "autonat", "opaque", "note",
  ]

  /// What filters and programs call the layer or protocol.
  package var family: String { parts.family }
  /// `family.kind`.
  package var type: String { "\(parts.family).\(parts.fact.kind)" }
  package var text: String { parts.fact.text }

  func describe(in line: inout JSONLine) { parts.fact.describe(in: &line) }
}
