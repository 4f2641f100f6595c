package import SansIO

/// One direction of a link: what it does to each packet. A link that is not the same both ways is two values.
///
/// What happens to a packet is a function of the link's seed and of the packet's name alone, so that it is
/// the same in every run, whatever else is on the way. Only the queue's length knows time.
package struct Link: Sendable {
  /// May be changed at any time; packets already under way keep the fate they have.
  package var conditions: Conditions {
    didSet { times = Times(conditions) }
  }

  private let seed: UInt64
  private var times: Times
  /// When the last bit that has been accepted will have been sent, in nanoseconds.
  private var busyUntil: UInt64 = 0
  /// Nothing that keeps its place arrives before this.
  private var lastArrival: UInt64 = 0

  package init(_ conditions: Conditions = .init(), seed: UInt64) {
    self.conditions = conditions
    self.seed = seed
    times = Times(conditions)
  }

  package enum OnSend: Hashable, Sendable {
    case carried(Fate)
    case died(Rule)
  }

  package struct Fate: Hashable, Sendable {
    package var arrival: Instant
    /// When a second copy arrives.
    package var duplicate: Instant?
    /// A number to pick the flipped bit with.
    package var corruption: UInt64?

    package init(arrival: Instant) {
      self.arrival = arrival
    }
  }

  /// Sends a packet of so many bytes.
  package mutating func send(_ packet: PacketName, bytes: Int, at now: Instant) -> OnSend {
    if let mtu = conditions.mtu, bytes > mtu { return .died(conditions.hidesMTU ? .blackHole : .tooBig) }
    // What is lost on the way was sent all the same.
    guard let sent = transmit(bytes, at: now.nanoseconds) else { return .died(.queueFull) }
    guard times.leavesToChance else {
      return .carried(Fate(arrival: inOrder(sent.saturatingAdd(times.delay))))
    }
    let draw = Draw(seed: seed, packet: packet)
    switch conditions.loss {
    case .none: break
    case .independent(let probability):
      if draw.happens(.loss, probability) { return .died(.lost) }
    case .bursts(let channel):
      let isBad = channel.isBad(seed: seed, packet: packet)
      if draw.happens(.loss, isBad ? channel.lossWhenBad : channel.lossWhenGood) {
        return .died(isBad ? .lostInBurst : .lost)
      }
    }
    return .carried(fate(of: draw, sentAt: sent))
  }

  /// When the last bit leaves, or nil when the queue has no room: drop-tail.
  private mutating func transmit(_ bytes: Int, at now: UInt64) -> UInt64? {
    if times.nanosecondsPerByte == 0 { return now }
    if busyUntil > now {
      // What is left to send now, with half a byte for rounding.
      let queued = Double(busyUntil - now) * times.bytesPerNanosecond
      if queued + Double(bytes) > Double(conditions.queueBytes) + 0.5 { return nil }
    }
    let duration = UInt64(min(Double(bytes) * times.nanosecondsPerByte, 1e18))
    busyUntil = max(busyUntil, now).saturatingAdd(duration)
    return busyUntil
  }

  private mutating func fate(of draw: Draw, sentAt sent: UInt64) -> Fate {
    var arrival = sent.saturatingAdd(times.delay)
    if times.jitter > 0 {
      arrival = arrival.saturatingAdd(draw.word(.jitter).scaled(below: times.jitter + 1))
    }
    if draw.happens(.reorder, conditions.reorder) {
      arrival = arrival.saturatingAdd(times.reorderDelay)
    } else {
      arrival = inOrder(arrival).nanoseconds
    }
    var fate = Fate(arrival: Instant(nanoseconds: arrival))
    if draw.happens(.duplicate, conditions.duplicate) { fate.duplicate = fate.arrival }
    if draw.happens(.corruption, conditions.corrupt) { fate.corruption = draw.word(.corruptedBit) }
    return fate
  }

  private mutating func inOrder(_ arrival: UInt64) -> Instant {
    lastArrival = max(arrival, lastArrival)
    return Instant(nanoseconds: lastArrival)
  }

  /// Durations as nanoseconds, converted once.
  private struct Times: Sendable {
    let delay: UInt64
    let jitter: UInt64
    let reorderDelay: UInt64
    /// Zero when there is no limit.
    let nanosecondsPerByte: Double
    let bytesPerNanosecond: Double
    /// Whether anything has to be drawn at all.
    let leavesToChance: Bool

    init(_ conditions: Conditions) {
      delay = conditions.delay.nanosecondsOrZero
      // One less than the largest, as an even draw adds one.
      jitter = min(conditions.jitter.nanosecondsOrZero, .max - 1)
      reorderDelay = conditions.reorderDelay.nanosecondsOrZero
      let rate = Double(conditions.bitsPerSecond ?? 0)
      nanosecondsPerByte = rate > 0 ? 8e9 / rate : 0
      bytesPerNanosecond = rate / 8e9
      let chances = [conditions.reorder, conditions.duplicate, conditions.corrupt]
      leavesToChance = jitter > 0 || conditions.loss != .none || chances.contains { $0 > 0 }
    }
  }
}

extension Duration {
  var nanosecondsOrZero: UInt64 { UInt64(max(0, clampedNanoseconds)) }
}

extension UInt64 {
  func saturatingAdd(_ other: UInt64) -> UInt64 {
    let (sum, overflow) = addingReportingOverflow(other)
    return overflow ? .max : sum
  }

  /// An even draw below a bound, from an even draw of all 64 bits (Lemire, TOMACS 2019, without rejection:
  /// the bias is below one in 2³² for any bound that fits 32 bits).
  func scaled(below bound: UInt64) -> UInt64 { multipliedFullWidth(by: bound).high }
}
