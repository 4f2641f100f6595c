/// How peers are judged, whatever the topic (gossipsub v1.1, "Peer Scoring").
///
/// With these defaults a peer that behaves and sends messages now and then stands between 1 and 30. One
/// invalid message takes 10, the third in ten minutes puts it under the graylist.
package struct ScoreParameters: Hashable, Sendable {
  /// Below, gossip is neither sent nor heard.
  package var gossipThreshold = -10.0
  /// Below, our own messages are not sent.
  package var publishThreshold = -50.0
  /// Below, nothing but subscriptions is heard.
  package var graylistThreshold = -80.0
  /// At least this much and a peer's PRUNE may name others.
  package var peerExchangeThreshold = 10.0
  /// A mesh whose median is below takes in better peers. Reached by a minute in the mesh.
  package var opportunisticGraftThreshold = 1.0

  /// The most that topics can add up to.
  package var topicsCap = 100.0
  /// P5, what the application says.
  package var applicationWeight = 1.0
  /// P6, the square of peers above the threshold in one address group.
  package var colocationWeight = -5.0
  package var colocationThreshold = 10
  /// P7, the square of penalties above the threshold. The threshold forgives what happens between honest
  /// peers whose clocks, links or message ids differ.
  package var behaviourWeight = -10.0
  package var behaviourThreshold = 2.0
  /// To nothing in five minutes.
  package var behaviourDecay = 0.985

  package var decayInterval: Duration = .seconds(1)
  package var decayToZero = 0.01
  /// How long a bad score outlives its peer's connection, and how many do.
  package var retention: Duration = .seconds(3600)
  package var retainedPeersMax = 4096

  package init() {}

  func validate() {
    precondition(
      graylistThreshold < publishThreshold && publishThreshold <= gossipThreshold && gossipThreshold < 0,
      "thresholds: \(self)")
    precondition(peerExchangeThreshold >= 0 && opportunisticGraftThreshold >= 0, "thresholds: \(self)")
    precondition(applicationWeight >= 0 && colocationWeight <= 0 && behaviourWeight <= 0, "weights: \(self)")
    precondition(colocationThreshold >= 1 && behaviourThreshold >= 0, "thresholds: \(self)")
    precondition(behaviourDecay > 0 && behaviourDecay < 1 && decayInterval > .zero, "decay: \(self)")
  }
}

/// How peers are judged in one topic.
package struct TopicScoreParameters: Hashable, Sendable {
  package var weight = 1.0

  /// P1, time in the mesh: up to 6 after five minutes.
  package var meshTimeWeight = 0.02
  package var meshTimeQuantum: Duration = .seconds(1)
  package var meshTimeCap = 300.0

  /// P2, messages that came from this peer first: up to 20, gone in ten minutes.
  package var firstDeliveriesWeight = 0.5
  package var firstDeliveriesDecay = 0.9924
  package var firstDeliveriesCap = 40.0

  /// P3, messages missing from a mesh peer, and P3b, the same remembered. Zero: where people write, silence
  /// is no fault. Set it negative for topics of known traffic.
  package var meshDeliveriesWeight = 0.0
  package var meshDeliveriesDecay = 0.5
  package var meshDeliveriesCap = 100.0
  package var meshDeliveriesThreshold = 20.0
  /// A copy so soon after the first counts.
  package var meshDeliveriesWindow: Duration = .milliseconds(10)
  /// Time in the mesh before it is asked for.
  package var meshDeliveriesActivation: Duration = .seconds(5)
  package var meshFailureWeight = 0.0
  package var meshFailureDecay = 0.5

  /// P4, the square of invalid messages, gone in ten minutes.
  package var invalidWeight = -10.0
  package var invalidDecay = 0.9924

  package init() {}

  var tracksMeshDeliveries: Bool { meshDeliveriesWeight != 0 || meshFailureWeight != 0 }

  func validate() {
    precondition(weight >= 0 && meshTimeWeight >= 0 && firstDeliveriesWeight >= 0, "weights: \(self)")
    precondition(
      meshDeliveriesWeight <= 0 && meshFailureWeight <= 0 && invalidWeight <= 0, "weights: \(self)")
    precondition(meshTimeQuantum > .zero, "quantum: \(self)")
    for decay in [firstDeliveriesDecay, meshDeliveriesDecay, meshFailureDecay, invalidDecay] {
      precondition(decay > 0 && decay < 1, "decay: \(self)")
    }
  }
}
