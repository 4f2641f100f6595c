// Nodes that break one rule of presence each, and the trials that must tell which one.
//
// A judge that never saw a wrong node proves little. So each wrong behaviour of `Fault` is played by a whole
// node, made from the same libraries as `meshnode`, in a scenario of the laboratory; the verdict must have
// the one rule red that it breaks, by the right witness, and everything else green. The faults are nothing
// that `meshnode` could be told: they are set here, below every flag, file and variable.
//
// Reading order: Fault, FaultyNode, Trial, TryCommand, Outcome.

import ArgumentParser

@main
struct Mutants: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "mutants", abstract: "Nodes with a deliberate fault, and whether the lab catches them.",
    subcommands: [RunCommand.self, TryCommand.self])
}

struct RunCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "run", abstract: "A node with a fault: --fault NAME, and the flags of meshnode run.")

  @Argument(parsing: .captureForPassthrough) var words: [String] = []

  func run() async throws { try await FaultyNode(words).run() }
}
