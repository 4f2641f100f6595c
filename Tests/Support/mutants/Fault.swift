import Presence
import Scenario

/// What is wrong with a node, which rule that breaks, and who can tell.
enum Fault: String, CaseIterable {
  case reapsAt20Seconds = "reaps-at-20-s"
  case answersRefresh = "answers-refresh"
  case beatsEvery25Seconds = "beats-every-25-s"
  case neverWelcomes = "never-welcomes"
  case announcesAt300ms = "announces-at-300-ms"
  /// Pings everybody now and then, as the original did, and takes the echo for life.
  case takesPingsForLife = "takes-pings-for-life"
  /// Says PRESENCE and then nothing, while its connections live. That is a guest's right, whom no rule binds;
  /// it is whom the one that takes pings for life fails to reap.
  case fallsSilent = "falls-silent"

  /// The one rule that is broken; none for what only guests do.
  var rule: Plan.Rule? {
    switch self {
    case .reapsAt20Seconds: .silenceBeforeReaping
    case .answersRefresh: .welcomeOnlyAfterPresence
    case .beatsEvery25Seconds: .refreshRhythm
    case .neverWelcomes: .presenceIsWelcomed
    case .announcesAt300ms: .presenceAfterReady
    case .takesPingsForLife: .silentAreReaped
    case .fallsSilent: nil
    }
  }

  /// What the verdict must quote of the node's host. A reap is no packet: its witness is the node's own
  /// event, beside the last packet before the silence.
  var witnesses: Set<Outcome.Witness> {
    self == .reapsAt20Seconds ? [.packet, .event] : [.packet]
  }

  /// Breaks the rule, unless it takes more than other values.
  func spoil(_ presence: inout Presence.Configuration) {
    switch self {
    case .reapsAt20Seconds: presence.silenceLimit = .seconds(20)
    case .answersRefresh: presence.answered = [.presence, .refresh]
    case .beatsEvery25Seconds: presence.refreshInterval = .seconds(25)
    case .neverWelcomes: presence.answered = []
    case .announcesAt300ms: presence.readyDelay = .milliseconds(300)
    case .takesPingsForLife: break
    case .fallsSilent:
      presence.refreshInterval = .seconds(3600)
      presence.answered = []
    }
  }
}
