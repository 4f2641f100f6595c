import GRDB
import Glibc

/// Why a file cannot be used now.
struct Refusal: Error {
  let kind: Problem.Kind
  let text: String

  init(_ kind: Problem.Kind, _ text: String) {
    self.kind = kind
    self.text = text
  }

  /// Reads SQLite's word for it.
  init(_ error: any Error) {
    switch error {
    case let refusal as Refusal: self = refusal
    case let error as DatabaseError: self.init(error)
    default: self.init(.failing, "\(error)")
    }
  }

  private init(_ error: DatabaseError) {
    let message = error.message ?? "\(error.resultCode)"
    switch error.resultCode.primaryResultCode {
    case .SQLITE_FULL: self.init(.full, "the disk is full")
    case .SQLITE_READONLY, .SQLITE_PERM, .SQLITE_AUTH: self.init(.readOnly, "cannot be written: \(message)")
    case .SQLITE_CANTOPEN: self.init(.unreachable, "cannot be opened: \(message)")
    case .SQLITE_CORRUPT, .SQLITE_NOTADB: self.init(.corrupt, message)
    case .SQLITE_BUSY, .SQLITE_LOCKED: self.init(.inUse, "another process uses it")
    // A write that the system cuts short at a file size limit or a quota comes as an error of the disk.
    default: self.init(.failing, "reading or writing failed: \(message) (\(error.extendedResultCode))")
    }
  }

  /// Reads the system's word for it.
  init(errno code: CInt, doing: String) {
    switch code {
    case ENOSPC, EDQUOT, EFBIG: self.init(.full, "the disk is full")
    case EACCES, EPERM, EROFS: self.init(.readOnly, "cannot \(doing): \(String(cString: strerror(code)))")
    default: self.init(.unreachable, "cannot \(doing): \(String(cString: strerror(code)))")
    }
  }
}
