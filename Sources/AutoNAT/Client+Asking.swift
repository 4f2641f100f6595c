import Identity
import OrderedCollections
import SansIO
import Wire

// Whom to ask what, and when.
extension Client {
  /// Starts what is due, and notes when the next is.
  mutating func ask() {
    while questions.count < configuration.requestsMax, let (subject, peer) = nextQuestion() {
      start(subject, with: peer)
    }
    let next = min(nextAsking, nextExpiry)
    deadlines.set(.asking, to: next == .distantFuture ? nil : next)
  }

  /// The first thing that some server can be asked about: one in a network that has not said anything about
  /// it, else the one whose word is the oldest.
  private func nextQuestion() -> (Question.Subject, PeerID)? {
    for subject in subjects {
      guard let inquiry = inquiry(about: subject), !inquiry.isAsked else { continue }
      let due = servers.filter {
        isEligible($0.value, for: subject) && dueTime(of: inquiry, with: $0.value) <= now
          && questions[$0.key] == nil
      }
      let first = due.min { left, right in
        let leftVote = inquiry.votes[left.value.network]?.at ?? .zero
        let rightVote = inquiry.votes[right.value.network]?.at ?? .zero
        return (leftVote, left.value.rank) < (rightVote, right.value.rank)
      }
      if let first { return (subject, first.key) }
    }
    return nil
  }

  private var nextAsking: Instant {
    guard questions.count < configuration.requestsMax else { return .distantFuture }
    var first = Instant.distantFuture
    for subject in subjects {
      guard let inquiry = inquiry(about: subject), !inquiry.isAsked else { continue }
      for (peer, server) in servers where questions[peer] == nil && isEligible(server, for: subject) {
        first = min(first, dueTime(of: inquiry, with: server))
      }
    }
    return first
  }

  private var nextExpiry: Instant {
    let oldest = ([node] + inquiries.values).compactMap { $0.votes.oldest?.at }.min()
    return oldest.map { $0 + configuration.voteLifetime } ?? .distantFuture
  }

  private func dueTime(of inquiry: Inquiry, with server: KnownServer) -> Instant {
    max(inquiry.due(in: server.network, configuration), server.isAskableFrom, quietUntil)
  }

  private var subjects: [Question.Subject] { candidates.keys.map { .address($0) } + [.node] }

  private func inquiry(about subject: Question.Subject) -> Inquiry? {
    switch subject {
    case .node: node
    case .address(let address): inquiries[address]
    }
  }

  /// A server at an IP of ours is our own machine or behind the same NAT, and no witness for others.
  private func isEligible(_ server: KnownServer, for subject: Question.Subject) -> Bool {
    guard configuration.allowsPrivate || !ownIPs.contains(server.ip) else { return false }
    return switch subject {
    case .address: server.versions.contains(.v2)
    case .node: server.versions.contains(.v1) && (candidates.isEmpty || !server.versions.contains(.v2))
    }
  }

  private mutating func start(_ subject: Question.Subject, with peer: PeerID) {
    guard let server = servers[peer] else { return }
    openNumber += 1
    let open = OpenID(rawValue: openNumber)
    let version: Version
    let addresses: [Candidate]
    switch subject {
    case .node: (version, addresses) = (.v1, [Candidate](candidates.values))
    case .address(let address): (version, addresses) = (.v2, wanted(first: address, in: server.network))
    }
    update(subject) { $0.asked(at: $1) }
    questions[peer] = Question(
      version: version, subject: subject, addresses: Array(addresses.prefix(addressesMax(of: version))),
      network: server.network, nonce: generator.next(), phase: .opening(open))
    opening[open] = peer
    deadlines.set(.question(peer), to: now + configuration.requestTimeout)
    counters.requests += 1
    events.append(.open(open, version.protocolName, to: peer))
  }

  /// Servers look at sixteen with version 1.
  private func addressesMax(of version: Version) -> Int {
    version == .v1 ? 16 : configuration.addressesPerRequestMax
  }

  /// The one that is to be dialled, and others of which this network has said nothing, in case it cannot.
  private func wanted(first: Multiaddr, in network: AddressPrefix) -> [Candidate] {
    let others = candidates.values.filter { candidate in
      guard candidate.address != first, let inquiry = inquiries[candidate.address], !inquiry.isAsked else {
        return false
      }
      return inquiry.votes[network] == nil && inquiry.due(in: network, configuration) <= now
    }
    return [candidates[first]].compactMap { $0 } + others
  }

  mutating func update(_ subject: Question.Subject, _ change: (inout Inquiry, Instant) -> Void) {
    switch subject {
    case .node: change(&node, now)
    case .address(let address):
      guard var inquiry = inquiries[address] else { return }
      change(&inquiry, now)
      inquiries[address] = inquiry
    }
  }

  // MARK: Concluding

  /// With servers in few networks, those must do.
  private func voicesNeeded(for subject: Question.Subject) -> Int {
    var networks = Set(inquiry(about: subject)?.votes.networks ?? [])
    for server in servers.values where isEligible(server, for: subject) { networks.insert(server.network) }
    return max(1, min(configuration.agreementMin, networks.count))
  }

  mutating func record(_ isSuccess: Bool, about subject: Question.Subject, by network: AddressPrefix) {
    if isSuccess { counters.successes += 1 } else { counters.failures += 1 }
    let needed = voicesNeeded(for: subject)
    let rules = configuration
    let jitter = generator.duration(upTo: rules.refreshInterval / 10)
    change(subject) { inquiry, now in
      inquiry.answered(
        isSuccess: isSuccess, by: network, at: now,
        successesMin: subject == .node ? rules.agreementMin : needed, failuresMin: needed,
        refreshInterval: rules.refreshInterval - jitter, rules)
    }
  }

  mutating func forgetOldVotes() {
    let horizon = now + (.zero - configuration.voteLifetime)
    for subject in subjects { change(subject) { inquiry, _ in inquiry.votes.forget(before: horizon) } }
  }

  /// Changes what is known, and tells when that is something else than before.
  private mutating func change(_ subject: Question.Subject, _ change: (inout Inquiry, Instant) -> Void) {
    let before = inquiry(about: subject)?.votes.conclusion
    update(subject, change)
    guard let after = inquiry(about: subject)?.votes.conclusion, after != before else { return }
    if case .address(let address) = subject { events.append(.addressChanged(address, after)) }
    review()
  }

  /// Whether the whole has changed.
  mutating func review() {
    let conclusions = candidates.keys.map { inquiries[$0]?.votes.conclusion ?? .unknown }
    let confirmed = zip(candidates.keys, conclusions).filter { $0.1 == .public }.map(\.0)
    let isAnyPrivate = conclusions.contains(.private)
    let isAnyOpen = zip(candidates.keys, conclusions).contains { address, conclusion in
      conclusion == .unknown && inquiries[address]?.isStuck != true
    }
    let value: Reachability
    if !confirmed.isEmpty {
      value = .public
    } else if isAnyPrivate, !isAnyOpen {
      value = .private
    } else if node.votes.conclusion != .unknown {
      value = node.votes.conclusion
    } else {
      // Another address that nobody has tried yet makes nobody public.
      value = reachability == .private && isAnyPrivate ? .private : .unknown
    }
    guard value != reachability || confirmed != confirmedAddresses else { return }
    (reachability, confirmedAddresses) = (value, confirmed)
    events.append(.reachability(value, confirmed))
  }
}
