import OrderedCollections
import SansIO

/// What was counted of one peer, and what it amounts to (gossipsub v1.1, "The Score Function").
struct PeerScore: Sendable {
  struct Counts: Sendable {
    var graftedAt: Instant?
    /// As of the last decay, so that scores change at known moments only.
    var meshTime: Duration = .zero
    var firstDeliveries = 0.0
    var meshDeliveries = 0.0
    var meshFailures = 0.0
    var invalid = 0.0

    var isBlank: Bool {
      graftedAt == nil && firstDeliveries == 0 && meshDeliveries == 0 && meshFailures == 0 && invalid == 0
    }
  }

  /// Ordered, so that the sum over it is the same in every run.
  var topics: OrderedDictionary<Topic, Counts> = [:]
  var behaviour = 0.0
  var application = 0.0
  var group: [UInt8]?
  /// Not connected: to be forgotten then.
  var retainedUntil: Instant?

  /// Nothing to remember once the peer is gone.
  var isBlank: Bool { behaviour == 0 && topics.values.allSatisfy(\.isBlank) }

  func value(
    _ parameters: ScoreParameters, _ topicParameters: [Topic: TopicScoreParameters], neighbours: Int
  ) -> Double {
    var sum = 0.0
    for (topic, counts) in topics {
      guard let own = topicParameters[topic] else { continue }
      sum += own.weight * counts.value(own)
    }
    sum = min(sum, parameters.topicsCap)
    sum += parameters.applicationWeight * application
    let surplus = Double(neighbours - parameters.colocationThreshold)
    if surplus > 0 { sum += parameters.colocationWeight * surplus * surplus }
    let excess = behaviour - parameters.behaviourThreshold
    if excess > 0 { sum += parameters.behaviourWeight * excess * excess }
    return sum
  }

  mutating func decay(_ parameters: ScoreParameters, _ own: [Topic: TopicScoreParameters], at now: Instant) {
    func reduce(_ counter: inout Double, by factor: Double) {
      counter *= factor
      if counter < parameters.decayToZero { counter = 0 }
    }
    reduce(&behaviour, by: parameters.behaviourDecay)
    for index in topics.values.indices {
      guard let own = own[topics.keys[index]] else { continue }
      reduce(&topics.values[index].firstDeliveries, by: own.firstDeliveriesDecay)
      reduce(&topics.values[index].meshDeliveries, by: own.meshDeliveriesDecay)
      reduce(&topics.values[index].meshFailures, by: own.meshFailureDecay)
      reduce(&topics.values[index].invalid, by: own.invalidDecay)
      if let graftedAt = topics.values[index].graftedAt {
        topics.values[index].meshTime = now - graftedAt
      }
    }
    topics.removeAll { own[$0.key] == nil || $0.value.isBlank }
  }
}

extension PeerScore.Counts {
  func value(_ own: TopicScoreParameters) -> Double {
    var sum = own.firstDeliveriesWeight * firstDeliveries
    if graftedAt != nil {
      let quanta = meshTime.clampedNanoseconds / max(1, own.meshTimeQuantum.clampedNanoseconds)
      sum += own.meshTimeWeight * min(Double(quanta), own.meshTimeCap)
    }
    let deficit = self.deficit(own)
    sum += own.meshDeliveriesWeight * deficit * deficit
    sum += own.meshFailureWeight * meshFailures
    sum += own.invalidWeight * invalid * invalid
    return sum
  }

  /// Messages missing from a peer that has been in the mesh long enough to be asked.
  func deficit(_ own: TopicScoreParameters) -> Double {
    guard graftedAt != nil, meshTime > own.meshDeliveriesActivation else { return 0 }
    return max(0, own.meshDeliveriesThreshold - meshDeliveries)
  }

  mutating func leftMesh(_ own: TopicScoreParameters) {
    let deficit = self.deficit(own)
    meshFailures += deficit * deficit
    graftedAt = nil
    meshTime = .zero
  }
}
