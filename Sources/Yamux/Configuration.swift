/// Every limit of a session, with its reason. The defaults suit one connection of a well-connected node; a
/// node with thousands of them lowers the budgets.
package struct Configuration: Hashable, Sendable {
  /// Streams open at once, either side's. Bounds every table and queue.
  package var streamsMax = 768
  /// Of those, opened by the peer: it cannot take the room we need for our own. Others allow 512 (Rust) to
  /// 1000 (Go).
  package var inboundStreamsMax = 512
  /// Streams one side may have opened that the other has not acknowledged (libp2p/specs yamux, "ACK
  /// backlog").
  package var ackBacklogMax = 256

  /// How far one stream's receive window may grow. 16 MiB is 2 Gbit/s at 63 ms, and go-yamux's maximum.
  package var windowBytesMax: UInt32 = 16 * 1024 * 1024
  /// The sum of all receive windows, so the most a peer can make the layers above hold unread. The part that
  /// every possible stream's initial 256 KiB does not need is shared by windows that grow.
  package var receiveBudgetBytes = 256 * 1024 * 1024

  /// A stream takes writes until this much is queued. Two round-robin turns of a fast link; more only adds
  /// delay.
  package var sendBufferBytes = 256 * 1024
  /// All streams together take writes until this much is queued: what a peer that stops reading can cost.
  package var sendBufferTotalBytes = 4 * 1024 * 1024
  /// What a stream sends before the next one has its turn.
  package var quantumBytes = 16 * 1024
  /// The longest data frame we write, when no other stream waits. Rust refuses above 1 MiB.
  package var frameBytesMax = 64 * 1024

  /// Ping answers owed at once. Further asks are dropped, as in Go; an honest peer has one on its way.
  package var pongsMax = 32
  /// RSTs owed at once to streams we refused.
  package var refusalsMax = 256
  /// The error code of a refusal.
  package var refusalCode: UInt32 = 0
  /// Streams a peer may open and reset, or have refused, in a burst and then per second: rapid reset costs us
  /// work that no limit on open streams sees.
  package var abortedStreamsBurst = 1024
  package var abortedStreamsPerSecond = 128

  /// A ping is sent when nothing has arrived for this long; nil for never.
  package var keepAliveInterval: Duration? = .seconds(30)
  /// How long silence may last after a ping.
  package var keepAliveTimeout: Duration = .seconds(20)
  /// How old the round trip estimate may be while data is arriving.
  package var roundTripInterval: Duration = .seconds(30)

  package init() {}

  func validate() {
    precondition(streamsMax > 0 && inboundStreamsMax >= 0 && ackBacklogMax > 0, "stream limits: \(self)")
    precondition(
      receiveBudgetBytes / Int(Window.initialBytes) >= streamsMax, "each stream starts with 256 KiB: \(self)")
    precondition(windowBytesMax >= Window.initialBytes, "a window cannot be below 256 KiB: \(self)")
    precondition(sendBufferBytes > 0 && sendBufferTotalBytes > 0, "send buffers: \(self)")
    precondition(
      quantumBytes > 0 && frameBytesMax >= quantumBytes && UInt32(exactly: frameBytesMax) != nil,
      "frame sizes: \(self)")
    precondition(
      pongsMax > 0 && refusalsMax > 0 && abortedStreamsBurst > 0 && abortedStreamsPerSecond > 0, "\(self)")
  }

  /// Window above the initial 256 KiB that all streams share.
  var growthBytesMax: Int { receiveBudgetBytes - streamsMax * Int(Window.initialBytes) }
}
