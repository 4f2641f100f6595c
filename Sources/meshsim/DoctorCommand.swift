import ArgumentParser
import Lab

struct DoctorCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "doctor", abstract: "Show what this machine can do for the laboratory.")

  func run() throws {
    let findings = Doctor.examine()
    for finding in findings { print(finding) }
    if findings.contains(where: { $0.verdict == .missing }) { throw ExitCode(3) }
  }
}
