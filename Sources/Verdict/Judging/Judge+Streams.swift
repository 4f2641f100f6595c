import SansIO
import Scenario

// Claims about numbered streams, and about how long something takes. The witness of a delivery is the
// receiver's event, that of a sending the laboratory.

extension Judge {
  private struct Streamed {
    let sender: String
    let text: String
    let posts: [Post]

    /// The number of a text of the stream.
    func number(of event: NodeEvent) -> Int? {
      guard event.type == "message.received", event["from"] == sender, let said = event["text"],
        said.hasPrefix("\(text) ")
      else { return nil }
      return Int(said.dropFirst(text.count + 1))
    }
  }

  private func stream(_ step: Int) -> Streamed? {
    guard
      case .stream(let sender, _, let text, _)? = trace.plan.allSteps.first(where: { $0.id == step })?.action
    else { return nil }
    return Streamed(sender: sender, text: text, posts: trace.posts.filter { $0.step == step })
  }

  /// Every message once at each host, before the window ends.
  func streamed(_ step: Int, _ hosts: [String], in stretch: Stretch) -> Finding {
    guard let stream = stream(step) else { return .failed("step \(step) is no stream") }
    if let refused = stream.posts.first(where: { $0.failure != nil }) {
      return .failed(
        "\(stream.sender) did not take number \(refused.number): \(refused.failure ?? "")",
        [refused.evidence])
    }
    if stream.posts.isEmpty { return .failed("nothing was sent") }
    var problems: [String] = []
    var evidence: [Evidence] = []
    var slowest = Duration.zero
    for host in hosts {
      let arrivals = Dictionary(
        grouping: trace.events.filter { $0.host == host && stream.number(of: $0) != nil },
        by: { stream.number(of: $0) ?? 0 })
      for post in stream.posts {
        let mine = arrivals[post.number] ?? []
        if mine.count == 1, mine[0].at <= stretch.until {
          slowest = max(slowest, mine[0].at - post.at)
        } else {
          let what = mine.isEmpty ? "never" : mine.count > 1 ? "\(mine.count) times" : "too late"
          problems.append("\(host) received number \(post.number) \(what)")
          evidence += [post.evidence] + mine.map(\.evidence)
        }
      }
    }
    let all = "\(stream.posts.count) messages, the slowest after \(slowest.milliseconds.rounded().asTime)"
    guard let first = problems.first else { return .passed(all) }
    return .failed(
      first + (problems.count > 1 ? "; and \(problems.count - 1) more, of \(all)" : "; of \(all)"), evidence)
  }

  /// The time from the window's beginning until each host has received something that was sent in it.
  func resumes(_ step: Int, _ hosts: [String], in stretch: Stretch) -> Finding {
    guard let stream = stream(step) else { return .failed("step \(step) is no stream") }
    let sent = Set(stream.posts.filter { $0.failure == nil && $0.at >= stretch.from }.map(\.number))
    if sent.isEmpty { return .failed("nothing was sent after the window began") }
    var last: NodeEvent?
    for host in hosts {
      let arrival = trace.events.first {
        $0.host == host && $0.at >= stretch.from && stream.number(of: $0).map(sent.contains) == true
      }
      guard let arrival else { return .failed("\(host) received nothing of it any more") }
      if last.map({ arrival.at > $0.at }) ?? true { last = arrival }
    }
    guard let last else { return .failed("at nobody") }
    return took(last.at - stretch.from, of: stretch.until - stretch.from, [last.evidence])
  }

  /// From the first time that the cause becomes so in the window.
  func follows(
    _ what: Plan.Observation, after cause: Plan.Observation, within limit: Duration, in stretch: Stretch
  ) -> Finding {
    guard let first = becomings(of: cause).first(where: { stretch.contains($0.at) }) else {
      return .failed("the cause never happened: \(cause.words)")
    }
    guard let next = becomings(of: what).first(where: { $0.at >= first.at && $0.at <= stretch.until }) else {
      return .failed("it never followed", [first.evidence])
    }
    return took(next.at - first.at, of: limit, [first.evidence, next.evidence])
  }

  private func took(_ time: Duration, of limit: Duration, _ evidence: [Evidence]) -> Finding {
    Finding(
      passed: time <= limit, detail: "after \(time.milliseconds.asTime), of \(limit.milliseconds.asTime)",
      evidence: evidence, figureMs: time.milliseconds)
  }
}

extension Post {
  var evidence: Evidence {
    Evidence("lab", .step, step, at: at, failure.map { "number \(number): \($0)" } ?? "number \(number) sent")
  }
}
