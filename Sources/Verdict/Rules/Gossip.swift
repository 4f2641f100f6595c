import SansIO
import Scenario

/// A message on the chat topic as one host's capture first shows it.
struct Said {
  let at: Instant
  let author: String
  let sequence: UInt64
  let text: String
  let evidence: Evidence

  var announcement: Announcement? { Announcement(text) }
}

extension Judge {
  /// What the host itself wrote, each message when its first copy left.
  func said(by host: String) -> [Said] {
    firstCopies(at: host, .outbound).filter { $0.author == host }
  }

  /// What reached the host of others, each message when its first copy was complete.
  func heard(by host: String) -> [Said] {
    firstCopies(at: host, .inbound).filter { $0.author != host }
  }

  private func firstCopies(at host: String, _ direction: Direction) -> [Said] {
    struct Name: Hashable {
      let author: String
      let sequence: UInt64
    }
    var seen: Set<Name> = []
    return trace.sightings.compactMap { sighted in
      guard sighted.host == host, sighted.direction == direction,
        case .gossip(let author, let sequence, Announcement.topic, let text) = sighted.what,
        seen.insert(Name(author: author, sequence: sequence)).inserted
      else { return nil }
      return Said(
        at: sighted.at, author: author, sequence: sequence, text: text, evidence: sighted.evidence)
    }
  }

  /// What counts as life of a peer at an observer, by the observer's capture: a message with a higher
  /// sequence number than any before, or a new channel with a peer that is known already.
  func lives(of peer: String, at observer: String) -> [Said] {
    var highest: UInt64?
    var lives: [Said] = []
    for sighted in trace.sightings
    where sighted.host == observer {
      switch sighted.what {
      case .gossip(peer, let sequence, Announcement.topic, let text) where sighted.direction == .inbound:
        if let highest, sequence <= highest { continue }
        highest = sequence
        lives.append(
          Said(at: sighted.at, author: peer, sequence: sequence, text: text, evidence: sighted.evidence))
      case .secured where sighted.peer == peer && highest != nil:
        lives.append(
          Said(at: sighted.at, author: peer, sequence: 0, text: "", evidence: sighted.evidence))
      default: continue
      }
    }
    return lives
  }

  /// Whether somebody who hears it spoke to the host then: without company no announcement is due.
  func hadCompany(_ host: String, during stretch: Stretch) -> Bool {
    trace.sightings.contains {
      $0.host == host && $0.direction == .inbound && stretch.contains($0.at) && $0.what.isCompany
    }
  }
}

/// What the judge grants beyond the rules: the way of a packet through the kernel and the node's event loop.
enum Grace {
  /// Of a node's own clock against the capture's.
  static let clock = Duration.milliseconds(5)
  /// For an answer of a program that shares two cores with many.
  static let answer = Duration.milliseconds(300)
  /// After trouble a node needs to reconnect before its rhythm is its own again.
  static let recovery = Duration.seconds(3)
  static let beat = Duration.milliseconds(250)
  static let reaping = Duration.seconds(1)
}
