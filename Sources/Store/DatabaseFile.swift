import Glibc

/// The database and what lies beside it: `…-wal`, SQLite's log; `….lock`, the mark of the process that uses
/// it; `….corrupt-<n>`, what could not be read.
struct DatabaseFile {
  let path: String

  /// For this process alone, as long as the lock lives.
  func lock() throws(Refusal) -> FileLock { try FileLock(at: "\(path).lock") }

  /// Makes sure that there is a file which can be written, private from its first instant: SQLite gives the
  /// log the mode of the database.
  func prepare() throws(Refusal) {
    // Without O_NONBLOCK, opening a pipe would wait for its reader.
    let descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NONBLOCK | O_NOCTTY, 0o600)
    guard descriptor >= 0 else { throw Refusal(errno: errno, doing: "open") }
    defer { Glibc.close(descriptor) }
    var status = stat()
    guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
      throw Refusal(.unreachable, "is not a regular file")
    }
  }

  /// For a file that is known to be ours.
  func makePrivate() {
    for path in [path, "\(path)-wal"] { chmod(path, 0o600) }
  }

  /// Gives the file, with its logs, another name, which is returned.
  func putAside() throws(Refusal) -> String {
    guard let aside = (1...Limits.filesAsideMax).lazy.map({ "\(path).corrupt-\($0)" }).first(where: isFree)
    else {
      throw Refusal(.corrupt, "is damaged, as \(Limits.filesAsideMax) were before it")
    }
    // The database goes last: were it to go first and the rest to stay, a new one would find another's log.
    for part in ["-wal", "-shm", "-journal", ""] where rename(path + part, aside + part) != 0 {
      if errno == ENOENT { continue }
      throw Refusal(errno: errno, doing: "rename the damaged file")
    }
    return aside
  }

  private func isFree(_ path: String) -> Bool {
    var status = stat()
    return lstat(path, &status) != 0 && errno == ENOENT
  }
}
