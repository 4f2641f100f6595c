import Logging
import Node

/// The key log. It never stands in the way of the node: where it fails, the node says so and goes on without.
extension NodeShell {
  func openKeyLog() {
    guard let path = configuration.keyLogPath else { return }
    do {
      keyLog = try KeyLogFile(appendingTo: path)
      logger.warning(
        "WRITING SESSION KEYS to \(path): whoever reads this file can decrypt every connection of this node")
      warn(
        "session keys are being written", "to \(path); whoever reads it can decrypt this node's connections")
    } catch {
      warn("session keys are not being written", "\(error)")
    }
  }

  func writeKeyLog(_ line: String) {
    guard keyLog != nil else { return }
    do throws(KeyLogFile.Failure) {
      try keyLog?.append(line)
      counters.keyLogLines += 1
    } catch {
      keyLog = nil
      warn("session keys are no longer being written", "\(error)")
    }
  }
}
