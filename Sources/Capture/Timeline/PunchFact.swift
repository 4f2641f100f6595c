package import Wire

/// What is agreed on before two ends of a circuit dial each other at once (DCUtR).
package enum PunchFact: Hashable, Sendable {
  /// Where the speaker may be reached. In the answer, how long after the other side's: at the capture of
  /// who asked, the round trip through the relay.
  case connect([Multiaddr], afterNanoseconds: Int64?)
  /// Now, says who asked; half a round trip later it dials as well. Again, how long after the other side's.
  case sync(afterNanoseconds: Int64?)
}
