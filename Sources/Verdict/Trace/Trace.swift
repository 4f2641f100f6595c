package import SansIO
package import Scenario

/// One run: everything that was recorded, on one clock, nanoseconds since the Unix epoch.
///
/// Hosts are named as in the plan everywhere; a peer that is no host of the plan by its PeerID.
package struct Trace: Sendable {
  package var plan: Plan
  package var world = "lab"
  package var began: Instant
  package var ended: Instant
  /// In the order in which they began.
  package var deeds: [Deed] = []
  /// What streams sent, in the order of their times.
  package var posts: [Post] = []
  /// In the order of their times.
  package var events: [NodeEvent] = []
  /// Of all captures, in the order of their times.
  package var sightings: [Sighted] = []
  package var drops: [Drop] = []
  package var health = Health()

  package init(plan: Plan, began: Instant, ended: Instant) {
    self.plan = plan
    self.began = began
    self.ended = ended
  }

  /// Puts everything in the order of its times. Call when all is appended.
  package mutating func complete() {
    deeds = deeds.inOrder(by: \.began)
    posts = posts.inOrder(by: \.at)
    events = events.inOrder(by: \.at)
    sightings = sightings.inOrder(by: \.at)
    drops = drops.inOrder(by: \.at)
  }
}

/// A step as it was done.
package struct Deed: Sendable, Equatable {
  package var step: Int
  package var began: Instant
  /// None if it never ended.
  package var ended: Instant?
  /// Why it failed, for a person.
  package var failure: String?

  package init(step: Int, began: Instant, ended: Instant?, failure: String? = nil) {
    self.step = step
    self.began = began
    self.ended = ended
    self.failure = failure
  }
}

/// A message of a stream, as it was handed to the node.
package struct Post: Sendable, Equatable {
  /// Of the plan, which began the stream.
  package var step: Int
  /// From 1.
  package var number: Int
  package var at: Instant
  /// Why the node did not take it, for a person.
  package var failure: String?

  package init(step: Int, number: Int, at: Instant, failure: String? = nil) {
    self.step = step
    self.number = number
    self.at = at
    self.failure = failure
  }
}

/// What a node said on its API.
package struct NodeEvent: Sendable, Equatable {
  package var host: String
  /// Its `seq`.
  package var number: Int
  package var at: Instant
  package var type: String
  /// The other members, as text; PeerIDs of hosts of the plan as the hosts' names.
  package var fields: [Fact.Field]

  package init(
    _ host: String, _ number: Int, at: Instant, _ type: String, _ fields: KeyValuePairs<String, String> = [:]
  ) {
    self.host = host
    self.number = number
    self.at = at
    self.type = type
    self.fields = fields.map { Fact.Field(name: $0.key, value: $0.value) }
  }

  package subscript(name: String) -> String? {
    fields.first { $0.name == name }?.value
  }

  var evidence: Evidence {
    let words = fields.map { "\($0.name)=\($0.value)" }.joined(separator: " ")
    return Evidence(host, .event, number, at: at, words.isEmpty ? type : "\(type) \(words)")
  }
}

/// A packet that died.
package struct Drop: Sendable, Equatable {
  /// Counted from 1, as the lines of `drops.jsonl`.
  package var number: Int
  package var at: Instant
  /// The host whose link, or the LAN whose router, it died at.
  package var box: String
  /// In words.
  package var rule: String
  package var from: String?
  package var flow: String

  package init(_ number: Int, at: Instant, box: String, rule: String, from: String?, flow: String) {
    self.number = number
    self.at = at
    self.box = box
    self.rule = rule
    self.from = from
    self.flow = flow
  }

  var evidence: Evidence {
    Evidence(box, .drop, number, at: at, "\(flow): \(rule)")
  }
}

extension Array {
  /// Equal times keep their order.
  fileprivate func inOrder(by time: (Element) -> Instant) -> [Element] {
    indices.sorted { (time(self[$0]), $0) < (time(self[$1]), $1) }.map { self[$0] }
  }
}
