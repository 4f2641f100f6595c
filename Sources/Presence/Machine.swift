package import Identity
package import SansIO

import OrderedCollections

/// Presence of the others, and our own.
package struct Machine: Sendable {
  package enum Event: Hashable, Sendable {
    /// Publish this announcement on the chat topic.
    case announce(Announcement)
    case online(PeerID, via: Life)
    /// `silence`: since the last life received.
    case offline(PeerID, OfflineReason, silence: Duration)
    /// The highest sequence number seen from an author, to be kept for the next start.
    case remember(PeerID, sequence: UInt64)
  }

  /// What showed that a peer is there.
  package enum Life: String, Hashable, Sendable {
    case presence, welcome, refresh, message
    /// A connection opened anew to a peer that was known.
    case connection
  }

  package enum OfflineReason: String, Hashable, Sendable {
    case reaped, left
  }

  /// What is allowed to be dropped, counted.
  package struct Counters: Hashable, Sendable {
    /// Messages whose sequence number was not higher than one seen before: late or replayed.
    package var staleMessages: UInt64 = 0
    /// Authors ignored because too many are known.
    package var ignoredAuthors: UInt64 = 0
    /// Scans that ran too late to judge by.
    package var lateScans: UInt64 = 0
    /// WELCOMEs not sent because they were due while we were asleep.
    package var staleWelcomes: UInt64 = 0
    /// WELCOMEs not sent because others had sent enough.
    package var suppressedWelcomes: UInt64 = 0
  }

  struct Peer: Sendable {
    var isOnline: Bool
    /// Nil: none in this run.
    var lastLife: Instant?
    var sequence: UInt64
  }

  package let configuration: Configuration
  package internal(set) var counters = Counters()

  let own: PeerID
  var generator: SeededGenerator
  var now: Instant
  /// Least recently changed from offline to online or back first.
  var peers: OrderedDictionary<PeerID, Peer> = [:]
  var onlineCount = 0
  var events: [Event] = []

  // Our company.
  var hasReservation = false
  var subscribers = 0
  /// When we were left alone; nil while we are not.
  var isolatedSince: Instant?

  // What is due.
  var presenceDue: Instant?
  var lastPresence: Instant?
  var refreshDue: Instant?
  var welcome: PendingWelcome?
  var scanDue: Instant

  struct PendingWelcome: Sendable {
    let due: Instant
    /// WELCOMEs of others since the latest PRESENCE it answers.
    var othersSeen = 0
  }

  /// - Parameters:
  ///   - known: authors of earlier runs with the highest sequence number seen, oldest first.
  ///   - generator: for delays; a fork of the node's.
  package init(
    own: PeerID, known: [(peer: PeerID, sequence: UInt64)] = [], configuration: Configuration = .init(),
    generator: SeededGenerator, now: Instant
  ) {
    self.own = own
    self.configuration = configuration
    self.generator = generator
    self.now = now
    isolatedSince = now
    scanDue = now + configuration.scanInterval
    for (peer, sequence) in known.suffix(configuration.peersMax) where peer != own {
      peers[peer] = Peer(isOnline: false, lastLife: nil, sequence: sequence)
    }
  }

  // MARK: Time

  package var deadline: Instant? {
    var earliest = scanDue
    if let welcome { earliest = min(earliest, welcome.due) }
    // A PRESENCE that is due stands for the REFRESH, too.
    if isReady, let due = presenceDue ?? refreshDue { earliest = min(earliest, due) }
    return earliest
  }

  /// Does what is due. Waiting input should be handled first: after a pause, it tells who is still there.
  package mutating func advance(to now: Instant) {
    self.now = now
    announceWhatIsDue()
    guard scanDue <= now else { return }
    if now - scanDue > configuration.stallLimit {
      counters.lateScans += 1
    } else {
      reap()
    }
    scanDue = now + configuration.scanInterval
  }

  // MARK: Outputs

  package mutating func nextEvent() -> Event? {
    events.isEmpty ? nil : events.removeFirst()
  }

  /// True while there is somebody to hear an announcement.
  package var isReady: Bool { hasReservation || subscribers > 0 }

  /// Everybody known: whether online, and the last life received in this run (nil: none yet).
  package func presence(of peer: PeerID) -> (isOnline: Bool, lastLife: Instant?)? {
    peers[peer].map { ($0.isOnline, $0.lastLife) }
  }

  package var onlinePeers: [PeerID] { peers.filter(\.value.isOnline).keys.sorted() }
  package var knownPeers: [PeerID] { peers.keys.sorted() }
}
