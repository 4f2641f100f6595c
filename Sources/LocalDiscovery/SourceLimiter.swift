import SansIO
import Wire

import OrderedCollections

/// How many packets are taken: from each address, and from all together.
struct SourceLimiter: Sendable {
  private let configuration: Configuration
  private var sources: OrderedDictionary<IPAddress, TokenBucket> = [:]
  /// For everyone when too many send at once.
  private var others: TokenBucket
  private var all: TokenBucket
  private var nextSweep: Instant

  init(configuration: Configuration, now: Instant) {
    self.configuration = configuration
    others = Self.bucket(configuration, now)
    nextSweep = now
    all = TokenBucket(
      interval: configuration.packetsInterval, burst: configuration.packetsBurst, now: now)
  }

  /// True when a packet from that address may be looked at.
  mutating func take(from source: IPAddress, at now: Instant) -> Bool {
    takeOwn(source, at: now) && all.take(at: now)
  }

  private mutating func takeOwn(_ source: IPAddress, at now: Instant) -> Bool {
    if sources[source] == nil {
      if sources.count >= configuration.sourcesMax { sweep(at: now) }
      guard sources.count < configuration.sourcesMax else { return others.take(at: now) }
      sources[source] = Self.bucket(configuration, now)
    }
    return sources[source]?.take(at: now) ?? false
  }

  /// Forgets who has been quiet. Not for every packet of a flood from addresses that were made up.
  private mutating func sweep(at now: Instant) {
    guard nextSweep <= now else { return }
    nextSweep = now + .seconds(1)
    sources.removeAll { $0.value.isFull(at: now) }
  }

  private static func bucket(_ configuration: Configuration, _ now: Instant) -> TokenBucket {
    TokenBucket(
      interval: configuration.packetsPerSourceInterval, burst: configuration.packetsPerSourceBurst, now: now)
  }
}
