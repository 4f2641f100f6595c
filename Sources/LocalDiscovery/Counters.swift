/// What happened, and what was dropped without being an error: the whole list.
package struct Counters: Hashable, Sendable {
  package var packetsReceived: UInt64 = 0
  package var questionsSent: UInt64 = 0
  package var answersSent: UInt64 = 0
  package var unicastAnswersSent: UInt64 = 0

  // Not said.
  /// Questions that somebody else had just asked.
  package var questionsSaved: UInt64 = 0
  /// Answers that the asker knew.
  package var answersSaved: UInt64 = 0
  /// Own addresses too long to be told.
  package var addressesUntold: UInt64 = 0

  // Packets dropped.
  /// On a link that is not ours, or no longer.
  package var strayPackets: UInt64 = 0
  /// From an address that is not of the link's networks.
  package var offLink: UInt64 = 0
  package var overRate: UInt64 = 0
  package var oversized: UInt64 = 0
  package var malformed: UInt64 = 0
  /// Other operations than asking and answering.
  package var unsupported: UInt64 = 0
  /// Answers from another port than mDNS's.
  package var wrongPort: UInt64 = 0

  // Parts of packets dropped.
  /// Packets of which only the beginning was read.
  package var cutPackets: UInt64 = 0
  package var excessInstances: UInt64 = 0
  /// Instances that name two peers.
  package var contradictions: UInt64 = 0
  /// Texts that are no address.
  package var malformedAddresses: UInt64 = 0
  /// Addresses that cannot be reached over the link, whoever they are of.
  package var unreachableAddresses: UInt64 = 0
  /// Our own name or our own peer id, from somebody else.
  package var impersonations: UInt64 = 0
  package var excessPeers: UInt64 = 0
  package var excessAddresses: UInt64 = 0

  package init() {}
}
