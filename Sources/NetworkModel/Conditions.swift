extension Link {
  /// What a link does, one way. Probabilities are from 0 to 1.
  package struct Conditions: Hashable, Sendable {
    /// From the last bit sent to the last bit received.
    package var delay: Duration
    /// Added to the delay, evenly between nothing and this. Packets keep their order.
    package var jitter: Duration
    package var loss: Loss
    /// Bits of IP packets a second; nil is no limit.
    package var bitsPerSecond: UInt64?
    /// What may wait to be sent, in bytes, the packet in transmission included; beyond it the newest dies.
    package var queueBytes: Int
    /// The probability that a packet is held back for `reorderDelay` while others pass it.
    package var reorder: Double
    package var reorderDelay: Duration
    package var duplicate: Double
    /// The probability that one bit beyond the IP header is flipped.
    package var corrupt: Double
    /// The largest packet in bytes; nil is no limit. Of larger ones the sender hears (RFC 1191, RFC 8201) …
    package var mtu: Int?
    /// … unless this is set: then they vanish (RFC 2923, section 2.1).
    package var hidesMTU: Bool

    package init(
      delay: Duration = .zero, jitter: Duration = .zero, loss: Loss = .none, bitsPerSecond: UInt64? = nil,
      queueBytes: Int = 256 * 1024, reorder: Double = 0, reorderDelay: Duration = .milliseconds(10),
      duplicate: Double = 0, corrupt: Double = 0, mtu: Int? = nil, hidesMTU: Bool = false
    ) {
      self.delay = delay
      self.jitter = jitter
      self.loss = loss
      self.bitsPerSecond = bitsPerSecond
      self.queueBytes = queueBytes
      self.reorder = reorder
      self.reorderDelay = reorderDelay
      self.duplicate = duplicate
      self.corrupt = corrupt
      self.mtu = mtu
      self.hidesMTU = hidesMTU
    }
  }

  package enum Loss: Hashable, Sendable {
    case none
    /// Each packet for itself, with this probability.
    case independent(Double)
    case bursts(GilbertElliott)
  }
}

/// A channel that is good or bad, and changes with each packet of a flow (Gilbert 1960; Elliott 1963).
///
/// The state at a packet is a function of the draws up to it, so it needs no memory: a draw below `toBad`
/// makes the channel bad whatever it was, one above `1 - toGood` good, and any other leaves it. The last
/// draw that decides is looked for backwards.
package struct GilbertElliott: Hashable, Sendable {
  /// From good to bad, per packet. The mean length of a burst is `1 / toGood` packets.
  package let toBad: Double
  /// From bad to good, per packet; at most `1 - toBad`, beyond which states would alternate, not last.
  package let toGood: Double
  package let lossWhenGood: Double
  package let lossWhenBad: Double

  package init(toBad: Double, toGood: Double, lossWhenGood: Double = 0, lossWhenBad: Double = 1) {
    self.toBad = min(max(0, toBad), 1)
    self.toGood = min(max(0, toGood), 1 - self.toBad)
    self.lossWhenGood = lossWhenGood
    self.lossWhenBad = lossWhenBad
  }

  /// The share of time in which the channel is bad.
  package var shareBad: Double { toBad + toGood > 0 ? toBad / (toBad + toGood) : 0 }

  /// Beyond this many packets without a decision the state is drawn afresh: a bound on the work, some
  /// thousand times the mean of any channel worth modelling.
  private static let lookBackMax: UInt64 = 4096

  func isBad(seed: UInt64, packet: PacketName) -> Bool {
    var index = packet.index
    for _ in 0..<Self.lookBackMax {
      let draw = Draw(seed: seed, packet: PacketName(flow: packet.flow, index: index))
      if index == 0 { return draw.fraction(.firstChannel) < shareBad }
      let fraction = draw.fraction(.channel)
      if fraction < toBad { return true }
      if fraction >= 1 - toGood { return false }
      index -= 1
    }
    return Draw(seed: seed, packet: PacketName(flow: packet.flow, index: index)).fraction(.firstChannel)
      < shareBad
  }
}
