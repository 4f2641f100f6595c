// The language of the laboratory: who is there, how they are connected, what happens to them, and what must
// hold. A scenario is a Swift file that imports this module and nothing else of ours:
//
//     // Two nodes behind home routers find each other through a hub.
//     import Scenario
//
//     scenario { net in
//       let hub = net.node("hub")
//       let ana = net.node("ana", behind: .homeRouter, knows: hub)
//       let ben = net.node("ben", behind: .symmetric, knows: hub)
//       net.start(hub, ana, ben)
//       net.expect(ana.sees(ben), ben.sees(ana), within: .seconds(10))
//     }
//
// The file is a program. Run, it calls `scenario`, whose closure notes everything in a `Script`, and prints
// the `Plan` as one JSON document. Nothing of the network exists yet: whoever runs the plan decodes it, asks
// for its `mistakes`, and only then starts anything. So the language has loops, functions and types for free,
// a misspelt host is a compile error, and a plan is plain data that can be stored, compared and shrunk.
//
// Invariants:
// - The module imports nothing, so that a scenario compiles and starts in well under a second.
// - Equal files and seeds make equal plans: chance comes from `Script.random` alone.
// - Handles (`Node`, `LAN`, `Moment`, `Message` …) are made by the script only, so they name what exists.
//
// Reading order: Script, Script+Topology, Hosts, Script+Steps, Script+Expectations; then Plan for what comes
// out, and Plan+Mistakes for what is refused.

/// Describes a scenario and prints its plan. A file calls it once.
///
/// The scenario is named after the file, and its purpose is the file's first comment. A `.long` one is left
/// out when a whole folder is run, unless it is asked for.
public func scenario(_ length: Length = .short, file: String = #fileID, _ body: (Script) -> Void) {
  let script = Script(
    name: Plan.name(ofFile: file), seed: Plan.seed(in: CommandLine.arguments), length: length)
  body(script)
  // Standard output is how the plan leaves the program; there is no other way without an import.
  Swift.print(JSON(encoding: script.plan).text)
}

/// How long a scenario takes.
public enum Length: String, Codable, Sendable {
  /// A few minutes at most: run whenever something changes.
  case short
  /// For campaigns.
  case long
}

extension Plan {
  /// `crash` for `main/crash.swift`.
  package static func name(ofFile file: String) -> String {
    let last = file.split(separator: "/").last.map(String.init) ?? file
    return last.hasSuffix(".swift") ? String(last.dropLast(6)) : last
  }

  /// The number after `--seed`; 1 if there is none.
  package static func seed(in arguments: [String]) -> UInt64 {
    guard let flag = arguments.firstIndex(of: "--seed"), flag + 1 < arguments.count else { return 1 }
    return UInt64(arguments[flag + 1]) ?? 1
  }
}
