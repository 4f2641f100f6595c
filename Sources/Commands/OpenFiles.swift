import Glibc

/// How many files this process may have open; every connection is one.
public enum OpenFiles {
  /// Raises the soft limit to the hard one. A shell's 1024 would end a relay long before its own limits do.
  public static func raiseLimit() {
    var limit = rlimit()
    guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0, limit.rlim_cur < limit.rlim_max
    else { return }
    limit.rlim_cur = limit.rlim_max
    _ = setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
  }
}
