import Connection
import Identity
import MallocCount

/// What the machines cost by themselves.
enum InMemoryFigures {
  /// One stream through Noise and Yamux, both ends in this thread, beside the cipher alone.
  static func throughput(_ effort: Effort) throws -> [Figure] {
    let cipher = CipherBound(frameBytes: Connection.Configuration().noiseFrameBytes)
    let total = effort.bytes(192 << 20)
    let pairs = try Load.all.map { try ConnectionPair($0) }
    let pumping = zip(pairs, Load.all).map { pair, load in
      { () throws -> Double in
        let seconds = try Clock.timed(Clock.thread) { try pair.pump(total, messageBytes: load.messageBytes) }
        return Double(total) / seconds
      }
    }
    let samples = try interleaved(rounds: effort.rounds, pumping + [{ cipher.sealAndOpen(total) }])
    let rates = samples.map { $0.map { $0 / 1e6 } }
    return zip(Load.all, rates).map { load, rate in
      Figure(
        "in-memory pair, \(load.name)", rate, "MB/s", boundBy: "OpenSSL seal + open",
        rates[rates.count - 1],
        goal: load.streams == 1 ? .ratioAtLeast(0.70) : nil)
    }
  }

  /// What the machines allocate for a frame once they run.
  static func allocations(_ effort: Effort) throws -> [Figure] {
    guard malloc_count_is_available() else { throw BenchError("allocations are counted on glibc only") }
    return try Load.all.flatMap { load in
      let pair = try ConnectionPair(load)
      try pair.pump(64 << 20, messageBytes: load.messageBytes)
      try pair.pump(effort.bytes(256 << 20), messageBytes: load.messageBytes)
      return [
        figure("sending", pair.counts.sendingAllocations, pair.counts.frames, load),
        figure("receiving", pair.counts.receivingAllocations, pair.counts.frames, load),
      ]
    }
  }

  private static func figure(_ direction: String, _ allocations: Int, _ frames: Int, _ load: Load) -> Figure {
    Figure(
      name: "machines \(direction), \(load.name)", measured: Double(allocations) / Double(frames),
      unit: "allocations/frame", goal: .atMost(0), counted: "allocations-\(direction)")
  }

  /// Full upgrades, both ends in this thread, beside their public key operations alone.
  static func handshakes(_ effort: Effort) throws -> [Figure] {
    let (left, right) = (try KeyPair.bench(1), try KeyPair.bench(2))
    let count = effort.count(300)
    var seed: UInt64 = 0
    var bound = HandshakeBound()
    let samples = try interleaved(
      rounds: effort.rounds,
      [
        {
          let seconds = try Clock.timed(Clock.thread) {
            for _ in 0..<count {
              seed += 1
              _ = try ConnectionPair(left, right, seed: seed)
            }
          }
          return Double(count) / seconds
        },
        { bound.rate(count) },
      ])
    return [
      Figure(
        "connections, in memory, both ends in 1 thread", samples[0], "/s",
        boundBy: "X25519 and Ed25519 alone",
        samples[1])
    ]
  }
}

/// What a pair of connections carries.
private struct Load {
  let name: String
  let streams: Int
  let messageBytes: Int

  static let all = [
    Load(name: "1 stream", streams: 1, messageBytes: 64 * 1024),
    Load(name: "100 streams of 1 KiB messages", streams: 100, messageBytes: 1024),
  ]
}

extension ConnectionPair {
  fileprivate convenience init(_ load: Load) throws {
    try self.init(KeyPair.bench(1), KeyPair.bench(2), seed: 1)
    try open(streams: load.streams)
  }
}

extension KeyPair {
  /// The identity of this number.
  static func bench(_ number: UInt64) throws -> KeyPair {
    try KeyPair(seed: (0..<4).flatMap { _ in withUnsafeBytes(of: number.bigEndian, Array.init) })
  }
}
