import FoundationEssentials
import Lab

extension RunFacts {
  func write(to directory: RunDirectory) throws {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    try encoder.encode(self).write(to: URL(filePath: directory.facts))
  }

  init(from directory: RunDirectory) throws(StageError) {
    do {
      self = try JSONDecoder().decode(
        RunFacts.self, from: Data(contentsOf: URL(filePath: directory.facts)))
    } catch {
      throw StageError("\(directory.facts) cannot be read: \(directory.path) is no run directory")
    }
  }
}

extension RunFacts.HealthFacts {
  init(_ health: Lab.Health, eventsLost: Int, faults: [String]) {
    scheduling = health.scheduling.rawValue
    latenessP50Ms = health.lateness.quantile(0.5).inMilliseconds
    latenessP99Ms = health.lateness.quantile(0.99).inMilliseconds
    latenessP99AtLeastMs = health.lateness.quantileAtLeast(0.99).inMilliseconds
    latenessMaxMs = health.lateness.max.inMilliseconds
    deliveries = health.delivered
    queueDrops = health.queueDrops
    refused = health.refused
    captureLost = health.captureLost
    self.faults = faults
    if eventsLost > 0 { self.faults.append("\(eventsLost) events were not kept") }
  }
}

extension Duration {
  var inMilliseconds: Double {
    Double(components.seconds) * 1000 + Double(components.attoseconds) / 1e15
  }
}
