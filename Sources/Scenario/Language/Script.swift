/// What a scenario's closure is given: it makes the network, notes the steps, and notes what must hold.
///
/// Steps happen one after the other, in the order of the file. What is noted is the plan; the script itself
/// does nothing, so loops and conditions of Swift are the scenario's loops and conditions.
public final class Script {
  package private(set) var plan: Plan
  private var stepCount = 0
  /// Where steps go: the plan's, or those of a parallel branch.
  private var branch: [Plan.Step]?
  private var partitionCount = 0
  /// Names made up from claims, so that each can be told from the others.
  private var madeUpNames: [String: Int] = [:]
  /// Chance, from the seed: `net.random.pick(nodes)`. The same seed makes the same plan.
  public var random: Dice

  package init(name: String, seed: UInt64, length: Length = .short) {
    plan = Plan(name: name, seed: seed)
    plan.length = length
    random = Dice(seed: seed)
  }

  /// What has been done up to here, or the beginning.
  public private(set) var now = Moment(.beginning)

  /// What expectations count from unless they say otherwise: what follows from an act follows from its
  /// beginning, and may be seen before the act returns; what follows a wait follows its end.
  private(set) var cause = Moment(.beginning)

  // Notes.

  func add(_ host: Plan.Host) {
    plan.hosts.append(host)
  }

  func add(_ lan: Plan.LAN) {
    plan.lans.append(lan)
  }

  func add(_ latency: Plan.Latency) {
    plan.latencies.append(latency)
  }

  func changeTolerance(_ change: (inout Plan.Tolerance) -> Void) {
    change(&plan.tolerance)
  }

  func changeHost(_ name: String, _ change: (inout Plan.Host) -> Void) {
    guard let index = plan.hosts.firstIndex(where: { $0.name == name }) else { return }
    change(&plan.hosts[index])
  }

  @discardableResult
  func add(_ action: Plan.Action, line: Int) -> Moment {
    let step = Plan.Step(id: stepCount, action: action, line: line)
    stepCount += 1
    if branch == nil {
      plan.steps.append(step)
    } else {
      branch?.append(step)
    }
    now = Moment(.ended(step: step.id))
    cause = action.isInstant ? Moment(.began(step: step.id)) : now
    return now
  }

  /// The steps that `body` notes, by themselves.
  func branch(_ body: () -> Void) -> [Plan.Step] {
    let outer = branch
    let before = (now, cause)
    branch = []
    body()
    defer {
      branch = outer
      (now, cause) = before
    }
    return branch ?? []
  }

  func add(_ claim: Plan.Claim, called name: String?, _ window: Plan.Window, line: Int) {
    let name = name ?? madeUpName(for: claim, in: window)
    plan.expectations.append(.init(name: name, claim: claim, window: window, line: line))
  }

  private func madeUpName(for claim: Plan.Claim, in window: Plan.Window) -> String {
    let words = claim.words + window.words { id in plan.allSteps.first { $0.id == id }?.action.words }
    let count = madeUpNames[words, default: 0] + 1
    madeUpNames[words] = count
    return count == 1 ? words : "\(words) (\(count))"
  }

  func nameForPartition() -> String {
    partitionCount += 1
    return "\(partitionCount)"
  }
}

/// A point of the scenario: when a step was done.
public struct Moment: Sendable {
  package let moment: Plan.Moment

  init(_ moment: Plan.Moment) {
    self.moment = moment
  }

  /// Before the first step.
  public static let beginning = Moment(.beginning)
}
