import SansIO
import Scenario

// Chat. The witness is what the receiving application was given.

extension Judge {
  /// A message as steps sent it, maybe several times.
  fileprivate struct Letter: Hashable {
    let sender: String
    let destination: Destination
    let text: String

    enum Destination: Hashable {
      case room(String)
      case peer(String)
    }
  }

  /// Every message once at everyone it is for who ran, undisturbed, from its sending to the end; at others
  /// never more often.
  func everyMessageOnce(_ nodes: [Plan.Host]) -> Finding {
    let (letters, sent) = lettersSent
    let byText = Dictionary(
      grouping: trace.events.filter { $0.type == "message.received" }, by: { $0["text"] ?? "" })
    var problems: [String] = []
    var evidence: [Evidence] = []
    var deliveries = 0
    for letter in letters {
      let times = sent[letter] ?? []
      for node in nodes where node.name != letter.sender && letter.isFor(node.name) {
        let fact = Fact.received(at: node.name, from: letter.sender, text: letter.text)
        let arrivals = (byText[letter.text] ?? []).filter {
          fact.isSaid(by: $0) && letter.isFor(room: $0["room"])
        }
        deliveries += arrivals.count
        let least = times.filter { isDue(at: node.name, since: $0.at) }.count
        if arrivals.count < least {
          problems.append("\(node.name) did not receive “\(letter.text)” of \(letter.sender)")
          evidence += times.map { Evidence("lab", .step, $0.step, at: $0.at, "sent: “\(letter.text)”") }
        } else if arrivals.count > times.count {
          problems.append(
            "\(node.name) received “\(letter.text)” of \(letter.sender) \(arrivals.count) times")
          evidence += arrivals.map(\.evidence)
        }
      }
    }
    guard let first = problems.first else {
      return .passed("\(letters.count) messages, \(deliveries) deliveries")
    }
    return .failed(first + (problems.count > 1 ? "; and \(problems.count - 1) more" : ""), evidence)
  }

  /// What steps and streams sent, each letter once, and when.
  private var lettersSent: (letters: [Letter], sent: [Letter: [(step: Int, at: Instant)]]) {
    let actions = Dictionary(
      trace.plan.allSteps.map { ($0.id, $0.action) }, uniquingKeysWith: { first, _ in first })
    var letters: [Letter] = []
    var sent: [Letter: [(step: Int, at: Instant)]] = [:]
    func add(_ sender: String, _ destination: Plan.Destination, _ text: String, _ step: Int, _ at: Instant) {
      let letter = Letter(sender: sender, destination: .init(destination), text: text)
      if sent[letter] == nil { letters.append(letter) }
      sent[letter, default: []].append((step, at))
    }
    for deed in trace.deeds where deed.failure == nil {
      guard case .send(let sender, let destination, let text) = actions[deed.step] else { continue }
      add(sender, destination, text, deed.step, deed.began)
    }
    for post in trace.posts where post.failure == nil {
      guard case .stream(let sender, let destination, let text, _) = actions[post.step] else { continue }
      add(sender, destination, "\(text) \(post.number)", post.step, post.at)
    }
    return (letters, sent)
  }

  /// What was sent just before the end may be under way.
  private func isDue(at node: String, since sent: Instant) -> Bool {
    let window = Stretch(from: sent, until: trace.ended)
    return trace.ended - sent > .seconds(10) && course.ran(node, throughout: window)
      && !course.wasTroubled(node, during: window)
  }
}

extension Judge.Letter.Destination {
  fileprivate init(_ destination: Plan.Destination) {
    switch destination {
    case .room(let name): self = .room(name)
    case .peer(let host): self = .peer(host)
    }
  }
}

extension Judge.Letter {
  fileprivate func isFor(_ host: String) -> Bool {
    if case .peer(let peer) = destination { peer == host } else { true }
  }

  fileprivate func isFor(room: String?) -> Bool {
    if case .room(let name) = destination, let room { name == room } else { true }
  }
}
