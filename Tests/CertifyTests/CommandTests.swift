// The whole of it: the executable, in its sandbox, where this machine allows that.

import Foundation
import Lab
import Testing

/// In CI nothing is left out: there it fails.
private let isPossible =
  ProcessInfo.processInfo.environment["CI"] != nil
  || Doctor.examine().isLaboratoryPossible
    && Doctor.examine().contains { $0.subject == "nft" && $0.verdict == .good }

@Suite struct CommandTests {
  @Test(.enabled(if: isPossible, "no laboratory with kernels' NATs here"), .timeLimit(.minutes(2)))
  func `every kind behaves as declared, and every broken one is caught`() throws {
    let own = try #require(try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe"))
    let process = Process()
    process.executableURL = URL(fileURLWithPath: own).deletingLastPathComponent().appending(path: "meshsim")
    process.arguments = ["certify", "--json"]
    let output = Pipe()
    process.standardOutput = output
    try process.run()
    let json = try output.fileHandleForReading.readToEnd() ?? Data()
    process.waitUntilExit()

    let certificate = try #require(try JSONSerialization.jsonObject(with: json) as? [String: Any])
    let broken = try #require(certificate["broken"] as? [[String: Any]])
    let kinds = try #require(certificate["kinds"] as? [[String: Any]])
    for kind in kinds + broken where kind["passed"] as? Bool != true {
      let (findings, failure) = (kind["findings"] ?? "", kind["failure"] ?? "")
      Issue.record("\(kind["world"] ?? "") \(kind["name"] ?? ""): \(findings) \(failure)")
    }
    #expect(broken.count >= 10 && certificate["caught"] as? Int == broken.count)
    #expect(kinds.count { $0["world"] as? String == "kernel" } >= 9)
    let duration = try #require(certificate["durationMs"] as? Int)
    #expect(duration < 60_000)
    #expect(process.terminationStatus == 0)
  }
}
