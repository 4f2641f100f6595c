package import Identity
package import NIOCore
import SansIO

/// What is wrong with a message that was published in a room.
package enum Flaw: Error, Hashable, Sendable, CaseIterable {
  /// Not UTF-8.
  case notText
  case empty
  case tooLong
  /// No envelope, or one without what it must have.
  case malformed
  /// The envelope names another author than the one who signed.
  case foreignAuthor
  /// Written later than now, by more than clocks differ.
  case futureDated
  /// A kind of body that this version does not know.
  case unreadable
  /// A topic that carries no room.
  case unknownTopic
}

/// What gossipsub should do with a message that waits for validation.
package enum Verdict: Hashable, Sendable {
  /// Pass it on. Announcements of presence are such, too.
  case accept
  /// Drop it and hold it against everybody who passed it on.
  case reject(Flaw)
  /// Drop it; nobody is to blame.
  case ignore(Flaw)

  /// In `global` nobody is to blame for anything: the original app signs and passes on any bytes without
  /// looking (and shows what is no UTF-8 with replacement characters), so blame would fall on honest peers
  /// that were sent garbage, and could be used to cut them off from us. In other rooms every peer judges as
  /// we do before it passes anything on, and is answerable for it; but not for clocks or newer versions.
  init(_ flaw: Flaw, in room: String?) {
    switch flaw {
    case .futureDated, .unreadable, .unknownTopic: self = .ignore(flaw)
    case .notText, .empty, .tooLong, .malformed, .foreignAuthor:
      self = room == nil || room == RoomName.global ? .ignore(flaw) : .reject(flaw)
    }
  }
}

extension Machine {
  /// Judges a message before gossipsub passes it on. `author` is who signed it.
  package static func verdict(
    on data: ByteBuffer, topic: String, author: PeerID, nowMs: Int64,
    futureTolerance: Duration = Configuration().futureTolerance
  ) -> Verdict {
    guard let room = RoomName.room(ofTopic: topic) else { return .ignore(.unknownTopic) }
    do throws(Flaw) {
      let content = try RoomForm.decode(data, room: room, author: author, gossipSequence: 0)
      guard !isFutureDated(content.sentMs, nowMs: nowMs, tolerance: futureTolerance) else {
        throw .futureDated
      }
      return .accept
    } catch {
      return Verdict(error, in: room)
    }
  }

  /// The same, and counted.
  package mutating func judge(
    _ data: ByteBuffer, topic: String, author: PeerID, nowMs: Int64
  ) -> Verdict {
    let verdict = Machine.verdict(
      on: data, topic: topic, author: author, nowMs: nowMs, futureTolerance: configuration.futureTolerance)
    switch verdict {
    case .accept: break
    case .reject(let flaw), .ignore(let flaw): counters.count(flaw)
    }
    return verdict
  }

  static func isFutureDated(_ sentMs: Int64?, nowMs: Int64, tolerance: Duration) -> Bool {
    guard let sentMs else { return false }
    let (ahead, overflow) = sentMs.subtractingReportingOverflow(nowMs)
    return overflow ? sentMs > nowMs : ahead > tolerance.clampedNanoseconds / 1_000_000
  }
}

extension Counters {
  mutating func count(_ flaw: Flaw) {
    switch flaw {
    case .notText: notText += 1
    case .empty: empty += 1
    case .tooLong: tooLong += 1
    case .malformed: malformed += 1
    case .foreignAuthor: foreignAuthor += 1
    case .futureDated: futureDated += 1
    case .unreadable: unreadable += 1
    case .unknownTopic: unknownTopic += 1
    }
  }
}
