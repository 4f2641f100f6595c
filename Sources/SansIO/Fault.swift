/// Whose fault an error is, which decides how much is closed and what is counted.
///
/// Our own bugs are not listed: they are preconditions, with the state in the message.
package enum Fault: Hashable, Sendable {
  /// The peer broke the protocol. Close the narrowest scope the protocol allows.
  case peer
  /// A limit of ours was reached; the peer may be honest. Refuse and count.
  case limit
  /// What we were asked to do cannot be done now: nothing listens, no route, no such stream.
  case local
}

/// An error that knows whose fault it is.
package protocol AttributedError: Error, Hashable, Sendable {
  var fault: Fault { get }
}
