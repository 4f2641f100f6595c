import SansIO

/// Every limit and rhythm of chat, with its reason.
package struct Configuration: Hashable, Sendable {
  /// `burst` at once, then one every `interval`.
  package struct Rate: Hashable, Sendable {
    package var burst: Int
    package var interval: Duration

    package init(burst: Int, interval: Duration) {
      self.burst = burst
      self.interval = interval
    }

    func bucket(at now: Instant) -> TokenBucket { TokenBucket(interval: interval, burst: burst, now: now) }
  }

  /// Of a text, in UTF-8. A rule of both wire forms, and far below the 64 KiB that Rust peers take in one
  /// RPC.
  package static let textBytesMax = 16 * 1024

  // MARK: Rooms

  /// Joined, `global` among them. Gossipsub peers remember 100 topics of us.
  package var roomsMax = 64
  /// How far ahead of ours an author's clock may be. People set clocks by hand; beyond it, a message would
  /// stand at the end of a history sorted by time for longer than a talk lasts.
  package var futureTolerance: Duration = .seconds(600)
  /// What one author may write into all rooms: faster than anybody types or pastes, slow enough to be read
  /// around. What is not newer than the newest seen of its author has a budget of its own of the same size.
  package var authorRate = Rate(burst: 100, interval: .milliseconds(500))
  /// What we publish ourselves, so that the outbox of a day offline does not look like a flood: below
  /// `authorRate`, because messages bunch up on their way.
  package var publishRate = Rate(burst: 80, interval: .milliseconds(600))
  /// After this long without excess, an author's flood is over.
  package var floodQuiet: Duration = .seconds(30)
  /// Authors whose budget and newest number are remembered; beyond, the first met are forgotten.
  package var authorsMax = 4096
  /// A publish that reached nobody is tried again after this.
  package var republishInterval: Duration = .seconds(5)

  // MARK: Gaps

  /// How long a missing number may be late before it is told: gossip repairs what it lost within its history
  /// of some seconds.
  package var gapPatience: Duration = .seconds(10)
  /// Pairs of room and author, holes for each, and numbers in one hole. An author who skips more than that
  /// has begun anew, or lies.
  package var gapRecordsMax = 4096
  package var gapsPerRecordMax = 16
  package var gapWidthMax: UInt64 = 1000

  // MARK: Direct messages

  /// What one peer may send us on all its streams. Its streams are paced by `DirectReceiver` below this, so
  /// only somebody who opens stream after stream meets it.
  package var directRate = Rate(burst: 128, interval: .milliseconds(100))
  /// Between attempts to reach a peer, or to open a stream to it: doubled after each failure, up to the
  /// longest, and with up to a quarter added so that peers of a relay that was gone do not return in step.
  package var retryDelayMin: Duration = .seconds(2)
  package var retryDelayMax: Duration = .seconds(900)
  /// How fast connections are asked for: an outbox for a thousand peers shall not dial a thousand at once.
  package var dialRate = Rate(burst: 16, interval: .milliseconds(500))
  /// Peers whose direct messages are refused.
  package var refusedPeersMax = 4096

  // MARK: The outbox

  /// Messages of ours that wait, and of these for one peer: more than a person writes in `patience`, at most
  /// 16 MiB and 4 MiB of text.
  package var outboxMax = 1024
  package var peerQueueMax = 256
  /// A message that nobody could be given for so long has failed.
  package var patience: Duration = .seconds(7 * 24 * 3600)
  /// How often that is looked at.
  package var patienceInterval: Duration = .seconds(60)

  // MARK: Saving

  /// Messages of others that wait to be kept; beyond, room messages are dropped and direct ones come again.
  /// At most 16 MiB.
  package var unsavedMax = 1024
  /// Writes in one transaction. While one is on its way the next gather, so a busy room costs one commit for
  /// many messages.
  package var batchWritesMax = 256
  /// Sequence numbers and peers to be remembered are gathered for this long, or until there are so many.
  package var rememberInterval: Duration = .seconds(5)
  package var rememberedMax = 1024

  package init() {}
}
