import Glibc

/// A call the kernel refused, in words: what was attempted, and its errno.
package struct SystemError: Error, Hashable, Sendable, CustomStringConvertible {
  package let attempt: String
  package let code: CInt

  package init(_ attempt: String, code: CInt) {
    self.attempt = attempt
    self.code = code
  }

  package var description: String { "\(attempt): \(String(cString: strerror(code)))" }
}

/// The result of a call of `CLinux`, where a negative one is an errno.
@discardableResult
func check(_ result: CInt, _ attempt: @autoclosure () -> String) throws(SystemError) -> CInt {
  if result < 0 { throw SystemError(attempt(), code: -result) }
  return result
}

/// The result of a call of the C library, where -1 means that `errno` says why.
@discardableResult
func checkErrno<Result: SignedInteger>(
  _ result: Result, _ attempt: @autoclosure () -> String
) throws(SystemError) -> Result {
  if result < 0 { throw SystemError(attempt(), code: errno) }
  return result
}
