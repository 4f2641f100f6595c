/// A part of the world. Between the named ones the one-way delays are known; for one of your own say them
/// with `Script.latency(between:and:_:)`.
public struct Region: Hashable, Codable, Sendable {
  /// As it stands in the plan.
  public let name: String

  /// A region of your own.
  public init(_ name: String) {
    self.name = name
  }

  /// Frankfurt.
  public static let europe = Region("europe")
  /// Virginia.
  public static let america = Region("america")
  /// São Paulo.
  public static let southAmerica = Region("south-america")
  /// Singapore.
  public static let asia = Region("asia")
  /// Sydney.
  public static let oceania = Region("oceania")
}

extension Region {
  /// Half of round trips as measured between data centres, rounded.
  static let knownLatencies: [Plan.Latency] = [
    .init(between: "europe", and: "america", delayMs: 45),
    .init(between: "europe", and: "south-america", delayMs: 100),
    .init(between: "europe", and: "asia", delayMs: 80),
    .init(between: "europe", and: "oceania", delayMs: 140),
    .init(between: "america", and: "south-america", delayMs: 60),
    .init(between: "america", and: "asia", delayMs: 110),
    .init(between: "america", and: "oceania", delayMs: 100),
    .init(between: "south-america", and: "asia", delayMs: 165),
    .init(between: "south-america", and: "oceania", delayMs: 160),
    .init(between: "asia", and: "oceania", delayMs: 47),
  ]
}

/// Which kinds of addresses a host has.
public enum Families: String, Codable, Sendable {
  /// One family, or both.
  case ipv4, ipv6, both
}

/// The timings of presence. The defaults are what scenarios prove; shorter ones are for trying things out.
public struct PresenceTimings: Codable, Sendable, Equatable {
  /// From ready to PRESENCE.
  public var readyDelayMs: Double = 500
  /// Between announcements.
  public var refreshSeconds: Double = 15
  /// Between the reaper's looks.
  public var scanSeconds: Double = 15
  /// Silent for longer is gone.
  public var silenceSeconds: Double = 45

  /// The defaults, or others.
  public init(
    readyDelay: Duration = .milliseconds(500), refresh: Duration = .seconds(15),
    scan: Duration = .seconds(15),
    silence: Duration = .seconds(45)
  ) {
    readyDelayMs = readyDelay.inMs
    refreshSeconds = refresh.inMs / 1000
    scanSeconds = scan.inMs / 1000
    silenceSeconds = silence.inMs / 1000
  }
}
