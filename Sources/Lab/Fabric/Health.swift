/// How well the laboratory itself did: a scenario is void where this is worse than its own tolerances allow.
package struct Health: Sendable {
  package enum Scheduling: String, Sendable {
    /// SCHED_FIFO: nothing but other real-time work comes before the fabric.
    case realTime
    /// Ahead of others, but sharing with them.
    case nice
    /// Like any other thread.
    case ordinary
  }

  package var scheduling = Scheduling.ordinary
  /// Packets hosts sent and packets hosts were given.
  package var received: UInt64 = 0
  package var delivered: UInt64 = 0
  package var receivedBytes: UInt64 = 0
  package var deliveredBytes: UInt64 = 0
  /// How much later than due each delivery was.
  package var lateness = Histogram()
  /// How long the fabric was busy without looking at its clock for timers, in its longest turn.
  package var longestTurn: Duration = .zero
  /// Hosts sent what is no IP packet.
  package var malformed: UInt64 = 0
  /// The kernel would not take a packet, other than because the host's interface is down or gone.
  package var refused: UInt64 = 0
  /// Packets for interfaces that were down, or that no host has.
  package var undeliverable: UInt64 = 0
  /// Dropped in devices' queues before the fabric came round to read them (`tx_dropped`).
  package var queueDrops: UInt64 = 0
  /// Packets that no capture got, because its ring was full.
  package var captureLost: UInt64 = 0
  /// Deaths that nobody heard of, because they were not collected.
  package var deathsLost: UInt64 = 0

  package init() {}
}
