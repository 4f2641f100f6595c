import Connection
import MallocCount
import Meshwork

/// One stream between two processes on loopback, each direction, beside the cipher, the kernel and Go.
enum ThroughputFigures {
  static func figures(_ effort: Effort, _ tools: Tools) throws -> [Figure] {
    let ours = try MeshnodePair(executable: tools.meshnode)
    let go = try GoPair(python: tools.python, daemon: tools.goDaemon)
    let sockets = try SocketPair()
    return try Direction.allCases.flatMap { try figures($0, effort, ours, sockets, go) }
  }

  private static func figures(
    _ direction: Direction, _ effort: Effort, _ ours: MeshnodePair, _ sockets: SocketPair, _ go: GoPair
  ) throws -> [Figure] {
    let cipher = CipherBound(frameBytes: Connection.Configuration().noiseFrameBytes)
    var cpu = (ours: Samples(), sockets: Samples(), go: Samples())
    func rate(_ pair: some TransferPair, _ bytes: Int, _ cpu: inout Samples) throws -> Double {
      let transfer = try pair.transfer(effort.bytes(bytes), direction)
      cpu.append(transfer.cpuSecondsPerGB)
      return transfer.bytesPerSecond / 1e6
    }
    let samples = try interleaved(
      rounds: effort.rounds,
      [
        { try rate(ours, 1_000_000_000, &cpu.ours) },
        { cipher.slowerOfSealAndOpen(effort.bytes(256 << 20)) / 1e6 },
        { try rate(sockets, 2_000_000_000, &cpu.sockets) },
        { try rate(go, 400_000_000, &cpu.go) },
      ])
    let name = "meshnode perf, \(direction.rawValue)"
    let cost = "\(name), processor time of both"
    return [
      Figure(
        name, samples[0], "MB/s", boundBy: "slower of seal and open", samples[1], goal: .ratioAtLeast(0.55)),
      Figure(name, samples[0], "MB/s", boundBy: "raw TCP", samples[2]),
      Figure(name, samples[0], "MB/s", boundBy: "Go pair", samples[3], goal: .ratioAtLeast(2)),
      Figure(cost, cpu.ours, "s/GB", boundBy: "raw TCP", cpu.sockets),
      Figure(cost, cpu.ours, "s/GB", boundBy: "Go pair", cpu.go, goal: .ratioAtMost(0.5)),
    ]
  }
}
