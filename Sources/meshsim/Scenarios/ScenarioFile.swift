import FoundationEssentials
import Scenario

/// A scenario's file, from its path to its plan.
struct ScenarioFile: Equatable {
  /// As compilers and messages name it.
  let path: String

  /// Where it is.
  var folder: String {
    path.lastIndex(of: "/").map { $0 == path.startIndex ? "/" : String(path[..<$0]) } ?? "."
  }

  /// The file's name without `.swift`.
  var name: String { Plan.name(ofFile: path) }

  /// Compiles the file if it is not in the cache, runs it for the seed, and decodes what it prints.
  /// Everything that is wrong with the plan is told at once.
  func plan(seed: UInt64, with compiler: ScenarioCompiler) throws(ScenarioFailure) -> Plan {
    let source = try read()
    var plan = path.hasSuffix(".json") ? try decode(source) : try run(compiler, source, seed: seed)
    if plan.purpose.isEmpty { plan.purpose = Self.purpose(of: source) }
    let mistakes = plan.mistakes
    guard mistakes.isEmpty else {
      let lines = mistakes.map { "\(path):\($0.line): error: \($0.message)" }
      throw ScenarioFailure(.usage, lines.joined(separator: "\n"))
    }
    return plan
  }

  /// The first comment of the file, for lists.
  func purpose() throws(ScenarioFailure) -> String {
    Self.purpose(of: try read())
  }

  /// Whether the file says `scenario(.long)`: known without compiling it, for lists and folders.
  func isLong() throws(ScenarioFailure) -> Bool {
    try read().split(whereSeparator: \.isNewline).contains { $0.hasPrefix("scenario(.long)") }
  }

  /// The first comment line; empty if code comes first.
  static func purpose(of source: String) -> String {
    for line in source.split(whereSeparator: \.isNewline) {
      let words = line.drop { $0 == " " || $0 == "\t" }
      if words.isEmpty || words.hasPrefix("#!") { continue }
      guard words.hasPrefix("//") else { return "" }
      return String(words.drop { $0 == "/" }.drop { $0 == " " })
    }
    return ""
  }

  private func run(
    _ compiler: ScenarioCompiler, _ source: String, seed: UInt64
  ) throws(ScenarioFailure) -> Plan {
    let program = try compiler.program(for: path, source: source)
    let result = try Child.run([program, "--seed", String(seed)], limit: Self.runLimit)
    switch result.ending {
    case .exited(0): break
    case .exited(let status):
      throw ScenarioFailure(.usage, "\(path): the scenario exits with \(status)\n\(result.errorText)")
    case .killed(let signal):
      throw ScenarioFailure(
        .usage, "\(path): the scenario crashes while it is read (signal \(signal))\n\(result.errorText)")
    case .tookTooLong:
      throw ScenarioFailure(
        .usage, "\(path): the scenario takes longer than \(Self.runLimit) to be read; does it loop forever?")
    case .saidTooMuch:
      throw ScenarioFailure(.usage, "\(path): the plan is larger than \(Child.outputBytesMax >> 20) MiB")
    }
    return try decode(result.outputText)
  }

  private func decode(_ text: String) throws(ScenarioFailure) -> Plan {
    let documents = text.split(whereSeparator: \.isNewline)
    guard let document = documents.last else {
      throw ScenarioFailure(.usage, "\(path): no scenario { net in … } in this file")
    }
    if path.hasSuffix(".swift"), documents.count > 1 {
      throw ScenarioFailure(
        .usage, "\(path): a file has one scenario { … } and prints nothing: its output is the plan")
    }
    do {
      let whole = path.hasSuffix(".json") ? text : String(document)
      return try JSONDecoder().decode(Plan.self, from: Data(whole.utf8))
    } catch {
      throw ScenarioFailure(.usage, "\(path): not a plan: \(error)")
    }
  }

  private func read() throws(ScenarioFailure) -> String {
    guard let attributes = FileStamp(of: path) else {
      throw ScenarioFailure(.usage, "\(path): no such file")
    }
    guard attributes.bytes <= Self.sourceBytesMax else {
      throw ScenarioFailure(.usage, "\(path): larger than \(Self.sourceBytesMax >> 20) MiB: not a scenario")
    }
    guard let data = FileManager.default.contents(atPath: path) else {
      throw ScenarioFailure(.usage, "\(path): cannot be read")
    }
    guard let text = String(validating: data, as: UTF8.self) else {
      throw ScenarioFailure(.usage, "\(path): not UTF-8 text")
    }
    return text
  }

  private static let sourceBytesMax = 8 << 20
  private static let runLimit = Duration.seconds(10)
}
