/// What the shell did, counted since it was made. The node counts protocol matters itself.
package struct ShellCounters: Sendable, Hashable {
  package var turns: UInt64 = 0
  /// Times the machine seems to have slept.
  package var sleeps: UInt64 = 0
  package var bytesReceived: UInt64 = 0
  package var bytesSent: UInt64 = 0
  package var reads: UInt64 = 0
  package var writes: UInt64 = 0
  /// Connections taken from a listener, refused ones included.
  package var accepted: UInt64 = 0
  /// Accepted connections closed at once because a limit of the node said so.
  package var acceptsRefused: UInt64 = 0
  /// Times a listener could not take a connection: too many open files, no memory.
  package var acceptsFailed: UInt64 = 0
  package var dials: UInt64 = 0
  package var dialsFailed: UInt64 = 0
  package var dialsCancelled: UInt64 = 0
  /// Dials that could not leave from the listening port and left from another.
  package var portReuseFallbacks: UInt64 = 0
  package var connectionsClosed: UInt64 = 0
  /// Connections cut with bytes unsent, because their peer did not read for too long.
  package var closesForced: UInt64 = 0
  package var lookups: UInt64 = 0
  package var lookupsFailed: UInt64 = 0
  package var keyLogLines: UInt64 = 0

  package init() {}
}
