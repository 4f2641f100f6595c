package import SansIO

/// Why a command could not be done.
package enum ChatError: AttributedError {
  /// The node has no part in chat.
  case notAMessenger
  case emptyText
  case textTooLong(bytes: Int, limit: Int)
  case emptyRoomName
  case roomNameTooLong(bytes: Int, limit: Int)
  /// Capital letters apart, a name of other than letters, digits and `-`, `_`, `.` between them.
  case unusableRoomName
  case tooManyRooms(limit: Int)
  /// The room that everybody is in.
  case cannotLeaveGlobal
  case notInRoom(String)
  case toOurselves
  /// As many messages as are kept for later wait already: in all, or for this peer.
  case outboxFull(limit: Int)
  case peerQueueFull(limit: Int)
  case tooManyRefusals(limit: Int)

  package var fault: Fault {
    switch self {
    case .textTooLong, .roomNameTooLong, .tooManyRooms, .outboxFull, .peerQueueFull, .tooManyRefusals: .limit
    case .notAMessenger, .emptyText, .emptyRoomName, .unusableRoomName, .cannotLeaveGlobal, .notInRoom,
      .toOurselves:
      .local
    }
  }
}

extension ChatError: CustomStringConvertible {
  package var description: String {
    switch self {
    case .notAMessenger: "this node takes no part in chat"
    case .emptyText: "a message needs a text"
    case .textTooLong(let bytes, let limit):
      "a message of \(bytes) bytes is over the limit of \(limit); send it in parts"
    case .emptyRoomName: "a room needs a name"
    case .roomNameTooLong(let bytes, let limit):
      "a room name of \(bytes) bytes is over the limit of \(limit)"
    case .unusableRoomName:
      "a room name has letters and digits, with '-', '_' or '.' only between them, accents in one character"
    case .tooManyRooms(let limit): "\(limit) rooms are joined; leave one first"
    case .cannotLeaveGlobal: "everybody is in the room \(RoomName.global)"
    case .notInRoom(let room): "the room \(room) is not joined"
    case .toOurselves: "this is our own peer id"
    case .outboxFull(let limit): "\(limit) messages wait to be delivered; more are not kept"
    case .peerQueueFull(let limit): "\(limit) messages wait for this peer; more are not kept"
    case .tooManyRefusals(let limit): "\(limit) peers are refused; more are not remembered"
    }
  }
}
