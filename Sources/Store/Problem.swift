/// Something about the file of the history that a person should know: what, where, and what to do.
package struct Problem: Hashable, Sendable, CustomStringConvertible {
  package enum Kind: Hashable, Sendable {
    /// No space left, or a quota or file size limit reached.
    case full
    /// Not allowed to write there, or the file system is read-only.
    case readOnly
    /// The directory is missing, or there is something else than a file.
    case unreachable
    /// Damaged, or no database. Put aside; a new file was started.
    case corrupt
    /// The database of another program.
    case foreign
    /// Written by a newer version of this program.
    case newer
    /// Another process uses it.
    case inUse
    /// Reading or writing failed in another way.
    case failing
    /// The end of the trouble: the file is in use, again.
    case recovered
  }

  package let kind: Kind
  /// The file.
  package let path: String
  /// What is the matter.
  package let text: String
  /// What to do. Empty when there is nothing to do.
  package let remedy: String

  /// All of it in one line.
  package var description: String {
    remedy.isEmpty ? "\(path): \(text)" : "\(path): \(text). \(Self.meanwhile). To go on: \(remedy)."
  }

  private static let meanwhile = "Meanwhile the newest messages are kept in memory only"
}

extension Problem {
  init(_ refusal: Refusal, path: String) {
    self.kind = refusal.kind
    self.path = path
    text = refusal.text
    switch refusal.kind {
    case .full: remedy = "free some space; what is in memory will then be moved into the file"
    case .readOnly: remedy = "make the directory and the file writable for this user"
    case .unreachable: remedy = "name a directory that exists and can hold files"
    case .corrupt: remedy = "check the disk"
    case .foreign: remedy = "move that file away, or name another directory"
    case .newer: remedy = "use the newer version, or name another directory"
    case .inUse: remedy = "stop the other one, or give this one a directory of its own"
    case .failing: remedy = "check the disk: its space, its quota, its health"
    case .recovered: remedy = ""
    }
  }

  /// A damaged file is replaced. Something is missing from now on.
  static func putAside(path: String, as aside: String, reason: String, saved: Int) -> Problem {
    Problem(
      kind: .corrupt, path: path,
      text: "the history is damaged (\(reason)) and was put aside as \(aside); a new one begins with the "
        + "\(saved) newest messages that could be read. To get back what else can be read: "
        + "sqlite3 \(aside) .recover",
      remedy: "")
  }

  static func recovered(path: String, moved: Int) -> Problem {
    Problem(
      kind: .recovered, path: path,
      text: "the history is kept there again; \(moved) messages came from memory",
      remedy: "")
  }
}
