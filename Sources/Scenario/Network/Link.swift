/// A link's two directions: `up` leaves the host or LAN, `down` comes to it.
public struct Link: Codable, Sendable, Equatable {
  /// What leaves.
  public var up: Conditions
  /// What arrives.
  public var down: Conditions

  /// A link with two different directions.
  public init(up: Conditions, down: Conditions) {
    self.up = up
    self.down = down
  }

  /// A link whose directions are alike.
  public init(_ both: Conditions) {
    self.init(up: both, down: both)
  }

  /// This link with both directions changed: `.mobile4G.with { $0.delayMs = 300 }`.
  public func with(_ change: (inout Conditions) -> Void) -> Link {
    var link = self
    change(&link.up)
    change(&link.down)
    return link
  }

  /// Loses that much of what passes, packet by packet.
  public func losing(percent: Double) -> Link {
    with { $0.loss = .independent(percent: percent) }
  }

  /// Delays everything by that much more, each way.
  public func slower(by delay: Duration) -> Link {
    with { $0.delayMs += delay.inMs }
  }
}

extension Link {
  /// What happens to the packets of one direction.
  public struct Conditions: Codable, Sendable, Equatable {
    /// One-way delay.
    public var delayMs: Double = 0
    /// Added to the delay, evenly between nothing and this. Packets keep their order.
    public var jitterMs: Double = 0
    /// Which packets are lost.
    public var loss = Loss.none
    /// Bits a second; no value is no limit.
    public var bitsPerSecond: Double?
    /// How much waits before the rate when it is exceeded; more is dropped.
    public var queueBytes = 262_144
    /// Packets that are held back while others pass them, and for how long.
    public var reorderPercent: Double = 0
    /// See `reorderPercent`.
    public var reorderDelayMs: Double = 10
    /// Packets that arrive twice.
    public var duplicatePercent: Double = 0
    /// Packets with a flipped bit.
    public var corruptPercent: Double = 0
    /// The largest packet in bytes; no value is no limit. Of larger ones the sender hears (RFC 1191, 8201) …
    public var mtu: Int?
    /// … unless this is set: then they vanish (RFC 2923, 2.1).
    public var hidesMTU = false

    /// Passes everything at once; say what differs.
    public init(
      delay: Duration = .zero, jitter: Duration = .zero, loss: Loss = .none, bitsPerSecond: Double? = nil,
      queueBytes: Int = 262_144, mtu: Int? = nil
    ) {
      delayMs = delay.inMs
      jitterMs = jitter.inMs
      self.loss = loss
      self.bitsPerSecond = bitsPerSecond
      self.queueBytes = queueBytes
      self.mtu = mtu
    }
  }

  /// Which packets are lost.
  public enum Loss: Codable, Sendable, Equatable {
    /// None.
    case none
    /// Each with that chance.
    case independent(percent: Double)
    /// A channel that is good or bad (Gilbert 1960; Elliott 1963): how likely a packet makes it bad, or good
    /// again, and how likely a packet is lost in either, all in percent. A burst lasts `100 / toGood`
    /// packets.
    case bursts(toBad: Double, toGood: Double, lossWhenBad: Double, lossWhenGood: Double)
  }
}

// The names people use, as plain values. One way, of the access alone: what is between regions comes on top.
extension Link {
  /// No delay, no loss, no limit.
  public static let perfect = Link(Conditions())

  /// A cable in a house.
  public static let ethernet = Link(Conditions(delay: .microseconds(200), bitsPerSecond: 1e9))

  /// Fibre to the home: 1 Gbit/s down, 200 Mbit/s up.
  public static let fibre = Link(
    up: Conditions(delay: .milliseconds(2), bitsPerSecond: 200e6),
    down: Conditions(delay: .milliseconds(2), bitsPerSecond: 1e9, queueBytes: 1 << 20))

  /// A telephone line: 50 Mbit/s down, 10 up.
  public static let dsl = Link(
    up: Conditions(delay: .milliseconds(10), jitter: .milliseconds(1), bitsPerSecond: 10e6),
    down: Conditions(delay: .milliseconds(10), jitter: .milliseconds(1), bitsPerSecond: 50e6))

  /// Wi-Fi in the next room, with the neighbours' beside it.
  public static let wifi = Link(
    up: Conditions(
      delay: .milliseconds(2), jitter: .milliseconds(6), loss: .independent(percent: 0.2), bitsPerSecond: 60e6
    ),
    down: Conditions(
      delay: .milliseconds(2), jitter: .milliseconds(6), loss: .independent(percent: 0.2), bitsPerSecond: 80e6
    ))

  /// LTE on the move: bursts of loss.
  public static let mobile4G = Link(
    up: Conditions(
      delay: .milliseconds(25), jitter: .milliseconds(15), loss: mobileBursts(toBad: 0.05, toGood: 10),
      bitsPerSecond: 12e6, mtu: 1460),
    down: Conditions(
      delay: .milliseconds(25), jitter: .milliseconds(15), loss: mobileBursts(toBad: 0.05, toGood: 10),
      bitsPerSecond: 30e6, queueBytes: 512 << 10, mtu: 1460))

  /// UMTS at the edge of a cell.
  public static let mobile3G = Link(
    up: Conditions(
      delay: .milliseconds(70), jitter: .milliseconds(60), loss: mobileBursts(toBad: 0.2, toGood: 8),
      bitsPerSecond: 1e6, queueBytes: 128 << 10, mtu: 1420),
    down: Conditions(
      delay: .milliseconds(70), jitter: .milliseconds(60), loss: mobileBursts(toBad: 0.2, toGood: 8),
      bitsPerSecond: 4e6, mtu: 1420))

  /// Through a geostationary satellite: some 36,000 km up and down again.
  public static let satellite = Link(
    up: Conditions(
      delay: .milliseconds(270), jitter: .milliseconds(10), loss: .independent(percent: 0.3),
      bitsPerSecond: 3e6),
    down: Conditions(
      delay: .milliseconds(270), jitter: .milliseconds(10), loss: .independent(percent: 0.3),
      bitsPerSecond: 25e6, queueBytes: 1 << 20))

  private static func mobileBursts(toBad: Double, toGood: Double) -> Loss {
    .bursts(toBad: toBad, toGood: toGood, lossWhenBad: 50, lossWhenGood: 0)
  }
}
