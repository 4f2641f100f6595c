private import Glibc

/// The seed corpus on disk: `DIR/TARGET/SEED`.
enum Corpus {
  /// A seed is an example, not a load test.
  static let seedBytesMax = 4096

  static func write(to directory: String) -> Bool {
    for target in FuzzTarget.all {
      let place = "\(directory)/\(target.name)"
      guard mkdir(place, 0o755) == 0 || errno == EEXIST else {
        print("\(place) cannot be made: \(String(cString: strerror(errno)))")
        return false
      }
      for seed in target.seeds() {
        precondition(
          seed.bytes.count <= seedBytesMax, "\(target.name)/\(seed.name): \(seed.bytes.count) bytes")
        guard write(seed.bytes, to: "\(place)/\(seed.name)") else { return false }
      }
    }
    return true
  }

  private static func write(_ bytes: [UInt8], to path: String) -> Bool {
    guard let file = fopen(path, "w") else {
      print("\(path) cannot be written: \(String(cString: strerror(errno)))")
      return false
    }
    defer { fclose(file) }
    return fwrite(bytes, 1, bytes.count, file) == bytes.count
  }
}
