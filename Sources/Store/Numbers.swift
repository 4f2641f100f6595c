import Chat
import Identity
import Synchronization

/// The numbers that people and conversations have in the database, of those lately written of. A number that
/// was kept never changes.
final class Numbers: Sendable {
  enum Name: Hashable {
    case person(PeerID)
    case conversation(Conversation)
  }

  private let known = Mutex<[Name: Int64]>([:])

  func number(of name: Name, otherwise find: () throws -> Int64) rethrows -> Int64 {
    if let number = known.withLock({ $0[name] }) { return number }
    let number = try find()
    known.withLock { known in
      if known.count >= Limits.numbersKnown { known.removeAll(keepingCapacity: true) }
      known[name] = number
    }
    return number
  }

  /// A transaction came to nothing: the numbers that it gave may be given again.
  func forget() { known.withLock { $0.removeAll() } }
}
