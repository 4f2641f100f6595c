extension NodeShell {
  /// The shell's own limits; the node's are its own.
  package struct Configuration: Sendable {
    /// A key log file to append to, on request only.
    package var keyLogPath: String?
    /// How long a TCP connect may take. The node cancels earlier when it has better to do.
    package var dialTimeout = Duration.seconds(15)
    /// How long a closing connection may take to send what is left before it is cut.
    package var closeTimeout = Duration.seconds(5)
    /// Connections the kernel completes before we accept them.
    package var backlog = 1024
    /// Bytes moved from the node to one socket before others get their turn.
    package var turnBytesMax = 512 * 1024
    /// Bytes sealed before each write; the last frame may pass it. Most writes wake a reader that sleeps, and
    /// on loopback nothing but the cipher and the copying costs more: 128 KiB took 4 to 10 % more processor
    /// time a byte. Larger ones leave the cache before they are written, and won nothing.
    package var writeBytes = 220 * 1024
    /// Bytes NIO may hold for a socket that does not take them: no more are sealed above `high` until below
    /// `low`.
    package var waterMark = (low: 64 * 1024, high: 256 * 1024)
    /// From the kernel's first word of a change of addresses to the look at them.
    package var networkSettleDelay = Duration.milliseconds(50)
    /// A machine that was away for less has lost nothing.
    package var sleepMin = Duration.seconds(5)
    package var names = Resolver.Configuration()

    package init() {}
  }
}
