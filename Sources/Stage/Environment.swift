import Glibc

/// What the sandbox leaves of the environment of whoever runs the laboratory.
enum Environment {
  /// Where foreign peers' programs were put by `scripts/setup interop`.
  static let cacheHome: String = {
    if let path = getenv("XDG_CACHE_HOME") { return String(cString: path) }
    return (getenv("HOME").map { String(cString: $0) } ?? "") + "/.cache"
  }()
}
