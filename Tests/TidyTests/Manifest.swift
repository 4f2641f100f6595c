// The targets that Package.swift declares, read from its text.

struct Manifest {
  /// Targets that are no tests, with the targets of this package they depend on.
  private(set) var targets: [String: Set<String>] = [:]

  /// - Parameter known: names that count as targets of ours in a dependency list.
  init(_ text: String, known: Set<String>) {
    let source = SwiftText(text)
    for token in source.tokens where Self.declarations.contains(token.word) {
      guard let open = source.next(after: token.offset + token.word.count),
        open.character == UInt8(ascii: "(")
      else {
        continue
      }
      let arguments = source.arguments(from: open.offset).map { source.rawText($0) }
      guard let name = arguments.first.flatMap({ Self.literals(in: $0).first }) else { continue }
      let dependencies = arguments.dropFirst().filter { argument in
        let label = argument.drop(while: \.isWhitespace)
        return label.hasPrefix("uses:") || label.hasPrefix("dependencies:") || label.hasPrefix("[")
      }
      var ours = Set(dependencies.flatMap { Self.literals(in: $0) }).intersection(known)
      // Dependencies that have a short name at the top of the manifest.
      for (short, target) in [("sodium", "CSodium"), ("openssl", "COpenSSL")]
      where dependencies.contains(where: { $0.contains(short) }) { ours.insert(target) }
      // The helper's own body names its targets by a parameter.
      if !name.contains("\\") { targets[name] = ours }
    }
  }

  private static let declarations: Set<String> = ["machine", "target", "executableTarget", "systemLibrary"]

  private static func literals(in text: String) -> [String] {
    text.split(separator: "\"", omittingEmptySubsequences: false).enumerated()
      .filter { !$0.offset.isMultiple(of: 2) }.map { String($0.element) }
  }
}
