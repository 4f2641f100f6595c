// How values stand in columns, and back. What comes back may have been written by anybody: each reading gives
// a value or nil, and never traps.

import Chat
import FoundationEssentials
import GRDB
import Identity

/// The bytes of a text. A string passed to SQLite ends at its first NUL, so texts are passed as blobs, and
/// the statements make texts of them: `CAST(? AS TEXT)`.
func textBytes(_ text: String) -> Data { Data(text.utf8) }

func bytes(_ peer: PeerID) -> Data { Data(peer.bytes) }

/// Eight bytes, the highest first, whose order is the order of the numbers.
func bytes(_ sequence: UInt64) -> Data {
  Data((0..<8).map { UInt8(truncatingIfNeeded: sequence >> (56 - 8 * UInt64($0))) })
}

extension Row {
  func number(_ column: Int) -> Int64? { Int64.fromDatabaseValue(self[column]) }

  func flag(_ column: Int) -> Bool { number(column).map { $0 != 0 } ?? false }

  /// Of a statement that says `CAST(… AS BLOB)`. What is not UTF-8 is replaced.
  func text(_ column: Int, bytesMax: Int) -> String? {
    guard let data = Data.fromDatabaseValue(self[column]), data.count <= bytesMax else { return nil }
    return String(decoding: data, as: UTF8.self)
  }

  func peer(_ column: Int) -> PeerID? {
    guard let data = Data.fromDatabaseValue(self[column]) else { return nil }
    return try? PeerID(bytes: [UInt8](data))
  }

  func sequence(_ column: Int) -> UInt64? {
    guard let data = Data.fromDatabaseValue(self[column]), data.count == 8 else { return nil }
    return data.reduce(0) { $0 << 8 | UInt64($1) }
  }

  /// A room's name in one column, or a peer in the next.
  func conversation(_ column: Int) -> Conversation? {
    if let room = text(column, bytesMax: Limits.roomBytesMax) { return .room(room) }
    return peer(column + 1).map(Conversation.peer)
  }

  /// An author in one column, an identifier in the next.
  func key(_ column: Int) -> MessageKey? {
    guard let author = peer(column), let id = text(column + 1, bytesMax: Limits.idBytesMax), !id.isEmpty
    else {
      return nil
    }
    return MessageKey(author: author, id: id)
  }

  /// A state in one column, its reason in the next.
  func state(_ column: Int) -> DeliveryState? {
    switch number(column) {
    case 0: .received
    case 1: .queued
    case 2: .sent
    case 3: .delivered
    case 4: .failed(reason: text(column + 1, bytesMax: Limits.textBytesMax) ?? "")
    default: nil
    }
  }
}

extension DeliveryState {
  /// Never changed: files hold it. The index `messagesWaiting` is of 1 and 2.
  var code: Int64 {
    switch self {
    case .received: 0
    case .queued: 1
    case .sent: 2
    case .delivered: 3
    case .failed: 4
    }
  }

  var reason: Data? {
    if case .failed(let reason) = self { textBytes(reason) } else { nil }
  }
}
