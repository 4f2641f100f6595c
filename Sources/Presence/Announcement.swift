/// What a text on the chat topic is: one of the three announcements, or chat.
package enum Announcement: String, CaseIterable, Sendable {
  case presence = "PRESENCE"
  case welcome = "WELCOME"
  case refresh = "REFRESH"

  /// The topic of the original app: announcements and public chat.
  package static let chatTopic = "p2p-chat-global"
  /// Where only Meshwork nodes listen: `LEAVE`, said by a node that shuts down.
  package static let leaveTopic = "meshwork-presence/1"
  package static let leaveText = "LEAVE"

  package var text: String { "ANNOUNCE:\(rawValue)" }

  /// Recognised by prefix; what follows after a space is for newer versions and ignored. Anything else is
  /// chat.
  package init?(_ text: some StringProtocol) {
    for kind in Announcement.allCases where text.hasPrefix(kind.text) {
      let rest = text.dropFirst(kind.text.count)
      guard rest.isEmpty || rest.first == " " else { return nil }
      self = kind
      return
    }
    return nil
  }
}
