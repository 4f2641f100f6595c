extension Plan {
  /// What must hold, when, and under which name it stands in the verdict.
  package struct Expectation: Codable, Sendable, Equatable {
    package var name: String
    package var claim: Claim
    package var window: Window
    package var line: Int
  }

  package enum Claim: Codable, Sendable, Equatable {
    /// At some moment of the window.
    case happens(what: Observation)
    /// At no moment of the window.
    case never(what: Observation)
    /// At every moment of the window.
    case stays(fact: Fact)
    /// So many times in the window; `most` left out is no limit.
    case counted(what: Observation, least: Int, most: Int?)
    /// The message of that step, once at each of the hosts.
    case delivered(step: Int, hosts: [String])
    /// Every message of the stream, once at each of the hosts.
    case streamed(stream: Int, hosts: [String])
    /// A message of the stream sent in the window arrives in it, at each of the hosts. Its figure is the time
    /// until the last of them has one.
    case resumes(stream: Int, hosts: [String])
    /// Once the one is so, the other becomes so within the time. Its figure is the time between.
    case follows(what: Observation, cause: Observation, withinMs: Double)
    /// None of them shows another of them offline in the window.
    case together(hosts: [String])
    /// The channels between the two in the window take that path, by the packets.
    case path(from: String, to: String, path: Path)
    /// A rule for these nodes.
    case rule(rule: Rule, hosts: [String])
  }

  package enum Observation: Codable, Sendable, Equatable {
    case fact(fact: Fact)
    case sighting(sighting: Sighting)
    case drop(pattern: DropPattern)
  }

  /// The rules of presence and delivery, each with one witness.
  package enum Rule: String, Codable, Sendable, CaseIterable {
    /// PRESENCE no sooner than the ready delay after ready. Witness: the sender's capture.
    case presenceAfterReady
    /// PRESENCE once a start, and never twice within 30 s. Witness: the sender's capture.
    case presenceOnce
    /// WELCOME only with a PRESENCE received by its sender within W before it; so nobody answers REFRESH.
    /// Witness: the sender's capture.
    case welcomeOnlyAfterPresence
    /// Every PRESENCE is answered by each who receives it, up to 20 known peers. Witness: the answerer's
    /// capture.
    case presenceIsWelcomed
    /// REFRESH one interval ± 1 s after the beat before. Witness: the sender's capture.
    case refreshRhythm
    /// Nobody is reaped before the silence limit. Witness: the observer's event and capture.
    case silenceBeforeReaping
    /// Whoever is silent for the silence limit and a scan is reaped. Witness: the observer's capture and
    /// event.
    case silentAreReaped
    /// Nobody is reaped who ran and could be heard. Witness: the observer's event, the subject's capture.
    case nobodyAliveReaped
    /// Nobody is shown offline who runs, whatever becomes of relays and paths; unless one of the two was cut
    /// off itself. Witness: the observer's event.
    case noPresenceFlap
    /// Every sent message arrives once at everyone it is for. Witness: `message.received`.
    case everyMessageOnce
  }

  /// From one mark to another. The end left out is the end of the run.
  package struct Window: Codable, Sendable, Equatable {
    package var from: Mark
    package var until: Mark?
  }

  package struct Mark: Codable, Sendable, Equatable {
    package var moment: Moment
    package var offsetMs: Double = 0
  }

  package enum Moment: Codable, Sendable, Equatable {
    case beginning
    case began(step: Int)
    case ended(step: Int)
  }
}

extension Plan.Observation {
  package var words: String {
    switch self {
    case .fact(let fact): fact.words
    case .sighting(let sighting): sighting.words
    case .drop(let pattern): pattern.words
    }
  }
}

extension Plan.Rule {
  package var words: String {
    switch self {
    case .presenceAfterReady: "PRESENCE no sooner than the ready delay"
    case .presenceOnce: "PRESENCE once a start"
    case .welcomeOnlyAfterPresence: "WELCOME only in answer to PRESENCE"
    case .presenceIsWelcomed: "every PRESENCE is welcomed"
    case .refreshRhythm: "REFRESH keeps its rhythm"
    case .silenceBeforeReaping: "nobody is reaped before the silence limit"
    case .silentAreReaped: "the silent are reaped in time"
    case .nobodyAliveReaped: "nobody alive is reaped"
    case .noPresenceFlap: "nobody who runs is shown offline"
    case .everyMessageOnce: "every message arrives exactly once"
    }
  }
}

extension Plan {
  /// How long to go on after the last step until every bounded window has closed: for each window, which step
  /// it hangs on and how long after. Windows without an end do not count.
  package var closingMarks: [Mark] {
    expectations.compactMap(\.window.until)
  }
}
