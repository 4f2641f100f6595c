/// One thing that is wrong with the configuration: where, what, and what to do.
public struct ConfigurationProblem: Hashable, Sendable, CustomStringConvertible {
  /// A file's path, or what stands for it: the name of a variable or a flag.
  public let place: String
  /// From 1, in a file.
  public let line: Int?
  /// The key, where one could be made out.
  public let key: String?
  /// What is wrong and what to do.
  public let text: String

  /// `file:line:key: text`
  public var description: String {
    var where_ = place
    if let line { where_ += ":\(line)" }
    if let key { where_ += ":\(key)" }
    return "\(where_): \(text)"
  }
}

/// Everything that is wrong with a configuration, one line each.
public struct ConfigurationProblems: Error, Hashable, Sendable, CustomStringConvertible {
  /// In the order of the file; never empty.
  public let problems: [ConfigurationProblem]

  /// The problems, one a line.
  public var description: String { problems.map(\.description).joined(separator: "\n") }
}
