/// What a client did and refused since it started: the whole list.
package struct ClientCounters: Hashable, Sendable {
  package var requests: UInt64 = 0
  package var successes: UInt64 = 0
  package var failures: UInt64 = 0
  /// Answers that nothing will be dialled, for a limit of the server's or because of the addresses.
  package var requestsRejected: UInt64 = 0
  package var dialsRefused: UInt64 = 0
  package var dialDataBytes: UInt64 = 0
  /// Demands for data that were not met: too much, for too little, or too often.
  package var dialDataRefused: UInt64 = 0

  /// Requests without an answer that says anything: no stream, a gone one, an unusable answer, no time left.
  package var requestsFailed: UInt64 = 0
  package var malformedMessages: UInt64 = 0
  package var unexpectedMessages: UInt64 = 0
  package var meaninglessAnswers: UInt64 = 0
  package var timeouts: UInt64 = 0
  /// Successes that were claimed and did not come, and answers that contradict what came.
  package var lies: UInt64 = 0

  package var dialBacksAccepted: UInt64 = 0
  /// Dial-backs that nobody was asked for, with a wrong nonce, over a connection of ours, or of too many.
  package var dialBacksUnasked: UInt64 = 0
  package var noncesUnknown: UInt64 = 0
  package var dialBacksMisplaced: UInt64 = 0
  package var dialBacksOverLimit: UInt64 = 0
  package var dialBacksMalformed: UInt64 = 0

  /// Addresses that no server would dial, or of too many.
  package var candidatesDropped: UInt64 = 0
  /// Servers not taken: in our own network, or of too many.
  package var serversDropped: UInt64 = 0

  package init() {}
}
