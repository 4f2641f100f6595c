/// One direction between two processes on loopback.
struct Transfer {
  var bytesPerSecond: Double
  /// Of both processes together.
  var cpuSecondsPerGB: Double

  init(bytes: Int, seconds: Double, cpuSeconds: Double) {
    bytesPerSecond = Double(bytes) / seconds
    cpuSecondsPerGB = cpuSeconds / (Double(bytes) / 1e9)
  }
}

/// From where the one who measures stands.
enum Direction: String, CaseIterable {
  case upload, download

  func upload(_ bytes: Int) -> Int { self == .upload ? bytes : 0 }
  func download(_ bytes: Int) -> Int { self == .download ? bytes : 0 }
}

/// A pair of processes that can be measured.
protocol TransferPair {
  func transfer(_ bytes: Int, _ direction: Direction) throws -> Transfer
}
