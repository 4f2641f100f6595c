package import SansIO
package import Wire

/// What ends a peer's stream, or why a command could not be done.
package enum RouterError: AttributedError {
  /// The stream of a peer is no sequence of frames, or a frame is over the limit.
  case malformedFrame(WireError)
  /// A frame that is no RPC.
  case malformedRPC

  /// More topics of our own than peers will remember of us.
  case tooManyTopics(limit: Int)
  case topicNameTooLong(bytes: Int, limit: Int)
  /// A topic without a name.
  case emptyTopicName
  case messageTooLarge(bytes: Int, limit: Int)

  package var fault: Fault {
    switch self {
    case .malformedFrame, .malformedRPC: .peer
    case .tooManyTopics, .topicNameTooLong, .messageTooLarge: .limit
    case .emptyTopicName: .local
    }
  }
}

extension RouterError: CustomStringConvertible {
  package var description: String {
    switch self {
    case .malformedFrame(let cause): "the stream has lost its frames: \(cause)"
    case .malformedRPC: "a frame is not a GossipSub RPC"
    case .tooManyTopics(let limit): "\(limit) topics are subscribed, and peers remember no more of one node"
    case .topicNameTooLong(let bytes, let limit):
      "a topic name of \(bytes) bytes is over the limit of \(limit)"
    case .emptyTopicName: "a topic needs a name"
    case .messageTooLarge(let bytes, let limit): "a message of \(bytes) bytes is over the limit of \(limit)"
    }
  }
}

/// What is wrong with a message that strict signing demands to be right.
package enum InvalidMessage: Error, Hashable, Sendable {
  /// Without author, sequence number or signature.
  case unsigned
  /// The author is no peer id, or the sequence number not eight bytes.
  case malformedStamp
  /// The key sent along is not the author's.
  case foreignKey
  case invalidSignature
  /// Not in the one encoding that peers which decode and encode again would pass on.
  case notCanonical
  /// The application said so.
  case rejected
}

/// What is held against a peer.
package enum Misbehaviour: Hashable, Sendable {
  /// Sent a message that is not valid (P4).
  case invalidMessage(InvalidMessage, Topic)
  /// Sent GRAFT while it should wait (P7); `flood` if it had only just been told.
  case graftInBackoff(Topic, flood: Bool)
  /// Announced messages and did not send them when asked (P7).
  case brokenPromises(Int)
  /// Writes more messages of its own than a peer may (P7).
  case tooManyMessages(Topic)
}
