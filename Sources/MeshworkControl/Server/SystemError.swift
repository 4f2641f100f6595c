import Glibc

/// What the system said, for people.
struct SystemError: Error, Equatable, CustomStringConvertible {
  let code: Int32

  init(_ code: Int32 = errno) { self.code = code }

  var description: String { strerror(code).map { String(cString: $0) } ?? "error \(code)" }
}
