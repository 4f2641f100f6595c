/// What is wrong with an identity file, where, and what to do about it.
public struct IdentityFileError: Error, Hashable, Sendable, CustomStringConvertible {
  /// The file.
  public let path: String
  /// The first byte that is wrong, counted from 0. Nil when the file as a whole is.
  public let position: Int?
  /// What is wrong.
  public let problem: String
  /// What to do.
  public let remedy: String

  init(path: String, position: Int? = nil, problem: String, remedy: String) {
    self.path = path
    self.position = position
    self.problem = problem
    self.remedy = remedy
  }

  /// All of it in one line.
  public var description: String {
    "\(path):\(position.map { " byte \($0):" } ?? "") \(problem). To go on: \(remedy)."
  }
}
