// Runs one experiment in a laboratory of its own and prints what it found, one `name value` a line.
//
//     lab-probe EXPERIMENT [ARGUMENT]…
//
// For the tests, which start it as a process because a laboratory begins with running itself again.

import Glibc
import Lab
import NetworkModel

@main struct LabProbe {
  static func main() {
    let arguments = CommandLine.arguments.dropFirst()
    guard let name = arguments.first, let experiment = experiments[name] else {
      print("experiments: \(experiments.keys.sorted().joined(separator: " "))")
      exit(2)
    }
    do {
      // These two run where they are: on this machine, and in a host.
      if name == "doctor" || name == "blast" {
        exit(try experiment(Bench(nil, Array(arguments.dropFirst()))))
      }
      var configuration = Sandbox.Configuration()
      configuration.nameServers = NameService.addresses
      let signals = try Sandbox.enter(configuration)
      exit(try experiment(Bench(signals, Array(arguments.dropFirst()))))
    } catch {
      report("error", "\(error)")
      exit((error as? LabError)?.exitCode ?? 1)
    }
  }
}

/// What an experiment has at hand.
struct Bench {
  let signals: EndingSignals?
  let arguments: [String]

  init(_ signals: EndingSignals?, _ arguments: [String]) {
    self.signals = signals
    self.arguments = arguments
  }

  func number(_ index: Int, or standard: Int) -> Int {
    arguments.indices.contains(index) ? Int(arguments[index]) ?? standard : standard
  }
}

/// At once, whatever may kill this process next.
func report(_ name: String, _ value: some CustomStringConvertible) {
  let bytes = Array("\(name) \(value)\n".utf8)
  _ = bytes.withUnsafeBytes { write(STDOUT_FILENO, $0.baseAddress, $0.count) }
}

let doctor: @Sendable (Bench) throws -> Int32 = { _ in
  let findings = Doctor.examine()
  for finding in findings { report("finding", finding) }
  return findings.isLaboratoryPossible ? 0 : 3
}

let experiments: [String: @Sendable (Bench) throws -> Int32] = [
  "doctor": doctor,
  "ping": ping,
  "tcp": tcp,
  "multicast": multicast,
  "changes": changes,
  "idle": idle,
  "failing": failing,
  "processes": processes,
  "many": many,
  "delay": delay,
  "rate": rate,
  "routers": routers,
  "blast": { bench in
    blast(seconds: bench.number(0, or: 2), rate: bench.number(1, or: 0))
    return 0
  },
]
