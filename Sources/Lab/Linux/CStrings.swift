import Glibc

/// Vectors of C strings, as exec wants them.
enum CStrings {
  /// This process's environment, as `NAME=value`.
  static var environment: [String] {
    var strings: [String] = []
    var cursor = environ
    while let string = cursor.pointee {
      strings.append(String(cString: string))
      cursor += 1
    }
    return strings
  }

  /// `body` gets the strings with a null pointer after the last.
  static func with<Result>(
    _ strings: [String], _ body: (UnsafePointer<UnsafeMutablePointer<CChar>?>) -> Result
  ) -> Result {
    var copies = strings.map { strdup($0) }
    copies.append(nil)
    defer { for copy in copies { free(copy) } }
    return copies.withUnsafeBufferPointer { buffer in
      guard let base = buffer.baseAddress else {
        preconditionFailure("a vector of \(buffer.count) strings has no address")
      }
      return body(base)
    }
  }
}
