import ArgumentParser
import Certify
import Glibc
import Lab

struct CertifyCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "certify",
    abstract: "Probe every NAT kind, model and kernel, and see whether it behaves as declared.",
    discussion: """
      Some NATs are broken on purpose, and must be caught. Exit status 1 if a kind does not behave as \
      declared or a broken one gets away; 4 if this machine was too busy to tell.
      """)

  @Flag(help: "One JSON object.")
  var json = false

  /// How this program runs inside the hosts.
  @Option(help: .hidden)
  var agent: Agent?

  @Option(help: .hidden)
  var sockets = 0

  @Option(help: .hidden)
  var start: UInt64 = 0

  func run() throws {
    if let agent {
      var orders = Agent.Orders()
      (orders.sockets, orders.start) = (sockets, start)
      return try agent.run(orders)
    }
    let certificate: Certificate
    do throws(LabError) {
      let signals = try Sandbox.enter()
      // Everything is in the sandbox, and ends with this process.
      try signals.forEach { Glibc.exit(128 + $0.number) }
      certificate = try Certification().run { agent, orders in
        [
          "certify", "--agent", agent.rawValue, "--sockets", "\(orders.sockets)", "--start",
          "\(orders.start)",
        ]
      }
    } catch {
      let words = Array("meshsim certify: \(error)\n".utf8)
      _ = write(STDERR_FILENO, words, words.count)
      throw ExitCode(error.exitCode)
    }
    print(json ? certificate.json : certificate.text)
    if certificate.isVoid { throw ExitCode(4) }
    if !certificate.isPassed { throw ExitCode.failure }
  }
}

extension Agent: ExpressibleByArgument {}
