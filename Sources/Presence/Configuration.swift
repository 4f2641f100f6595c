import SansIO

/// The rhythm of presence. The defaults are what scenarios prove.
package struct Configuration: Hashable, Sendable {
  /// From ready to PRESENCE.
  package var readyDelay: Duration = .milliseconds(500)
  /// Between announcements, drawn evenly from this ± `refreshJitter`.
  package var refreshInterval: Duration = .seconds(15)
  package var refreshJitter: Duration = .seconds(1)
  /// Between the reaper's scans.
  package var scanInterval: Duration = .seconds(15)
  /// A peer silent for longer than this is offline at the next scan.
  package var silenceLimit: Duration = .seconds(45)
  /// A scan later than this means that we were asleep, not that the others are gone.
  package var stallLimit: Duration = .seconds(5)

  /// Alone for longer than this, a node says PRESENCE again when it has company.
  package var isolationLimit: Duration = .seconds(45)
  /// Spreads a crowd that finds its relay again.
  package var rejoinJitter: Duration = .seconds(2)
  /// PRESENCE is never said twice within this.
  package var presenceSpacing: Duration = .seconds(30)

  /// What a WELCOME answers. No other value is right: it is here for tests, whose nodes break the rule.
  package var answered: Set<Announcement> = [.presence]

  /// The window a WELCOME is delayed in: this for each peer online, within the bounds below.
  package var welcomeWindowPerPeer: Duration = .milliseconds(20)
  package var welcomeWindowMin: Duration = .milliseconds(200)
  package var welcomeWindowMax: Duration = .seconds(5)
  /// With more peers than this online, enough WELCOMEs of others make ours superfluous.
  package var welcomeSuppressionPeers = 20
  package var welcomeSuppressionCount = 8

  /// Peers remembered, offline ones included. Beyond it the longest offline are forgotten, then strangers
  /// ignored.
  package var peersMax = 10_000

  package init() {}
}
