package import SansIO

// Ourselves: when to say what.
extension Machine {
  // MARK: Inputs

  /// Whether a relay holds a reservation for us.
  package mutating func reservation(isHeld: Bool, at now: Instant) {
    companyChanges(at: now) { $0.hasReservation = isHeld }
  }

  /// How many connected peers are subscribed to the chat topic.
  package mutating func subscribers(_ count: Int, at now: Instant) {
    companyChanges(at: now) { $0.subscribers = count }
  }

  /// A person asked to be announced now. Counts as a beat.
  package mutating func refresh(at now: Instant) {
    self.now = now
    guard isReady, lastPresence != nil else { return }
    beat(.refresh)
  }

  private mutating func companyChanges(at now: Instant, _ change: (inout Machine) -> Void) {
    self.now = now
    let wasReady = isReady
    change(&self)
    if isReady, !wasReady { becameReady() }
    if !isReady, wasReady { isolatedSince = now }
  }

  private mutating func becameReady() {
    let isolation = isolatedSince.map { now - $0 } ?? .zero
    isolatedSince = nil
    guard let lastPresence else {
      presenceDue = now + configuration.readyDelay
      return
    }
    guard isolation > configuration.isolationLimit else { return }
    let jitter = generator.duration(upTo: configuration.rejoinJitter)
    presenceDue = max(now + configuration.readyDelay + jitter, lastPresence + configuration.presenceSpacing)
  }

  // MARK: Answering

  /// The window a WELCOME is spread over: wider the more there are to send one.
  var welcomeWindow: Duration {
    let wish = configuration.welcomeWindowPerPeer * onlineCount
    return min(max(wish, configuration.welcomeWindowMin), configuration.welcomeWindowMax)
  }

  /// Answers an announcement, a PRESENCE that is, together with every other of the same window.
  mutating func answer() {
    dropStaleWelcome()
    guard welcome == nil else {
      welcome?.othersSeen = 0
      return
    }
    let delay = generator.duration(upTo: welcomeWindow - .nanoseconds(1))
    welcome = PendingWelcome(due: now + delay)
  }

  /// Asleep since it was due, we answer nobody any more: who came then hears of us by our beats.
  private mutating func dropStaleWelcome() {
    guard let pending = welcome, now - pending.due > configuration.stallLimit else { return }
    welcome = nil
    counters.staleWelcomes += 1
  }

  // MARK: Saying

  mutating func announceWhatIsDue() {
    dropStaleWelcome()
    if let pending = welcome, pending.due <= now {
      welcome = nil
      let isSuppressed =
        onlineCount > configuration.welcomeSuppressionPeers
        && pending.othersSeen >= configuration.welcomeSuppressionCount
      if isSuppressed { counters.suppressedWelcomes += 1 } else { events.append(.announce(.welcome)) }
    }
    guard isReady else { return }
    if let due = presenceDue, due <= now {
      lastPresence = now
      beat(.presence)
    } else if presenceDue == nil, let due = refreshDue, due <= now {
      beat(.refresh)
    }
  }

  private mutating func beat(_ announcement: Announcement) {
    presenceDue = nil
    let spread = generator.duration(upTo: configuration.refreshJitter * 2)
    refreshDue = now + (configuration.refreshInterval - configuration.refreshJitter + spread)
    events.append(.announce(announcement))
  }
}
