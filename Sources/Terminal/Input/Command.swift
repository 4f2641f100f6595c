import Meshwork

/// What a line asks for.
package enum Command: Hashable, Sendable {
  /// Whom a message is for, as a person writes it: `#garden`, a PeerID or the end of one.
  package typealias Target = String

  case say(String)
  case help
  case message(Target, text: String?)
  case join(String)
  case leave(String?)
  case rooms
  case names
  case search(String)
  case connect(String)
  case refresh
  case status
  case quit
  /// Something is wrong with it, and what.
  case mistake(String)

  /// A line that starts with one slash is a command; with two, it is said with one.
  package init(line: String) {
    guard line.hasPrefix("/") else {
      self = .say(line)
      return
    }
    let rest = line.dropFirst()
    guard !rest.hasPrefix("/") else {
      self = .say(String(rest))
      return
    }
    let name = rest.prefix { !$0.isWhitespace }
    self = Self(name: name.lowercased(), argument: Self.trimmed(rest.dropFirst(name.count)))
  }

  private init(name: String, argument: String) {
    let given = argument.isEmpty ? nil : argument
    switch (name, given) {
    case ("help", _), ("h", _), ("?", _): self = .help
    case ("msg", let given?), ("m", let given?), ("query", let given?):
      let target = given.prefix { !$0.isWhitespace }
      let text = Self.trimmed(given.dropFirst(target.count))
      self = .message(String(target), text: text.isEmpty ? nil : text)
    case ("msg", nil), ("m", nil), ("query", nil): self = .mistake("/msg needs a peer: /msg PEER [text]")
    case ("join", let given?), ("j", let given?): self = .join(given)
    case ("join", nil), ("j", nil): self = .mistake("/join needs a room: /join ROOM")
    case ("leave", _), ("part", _): self = .leave(given)
    case ("rooms", _): self = .rooms
    case ("names", _), ("who", _): self = .names
    case ("search", let given?): self = .search(given)
    case ("search", nil): self = .mistake("/search needs words to look for")
    case ("connect", let given?): self = .connect(given)
    case ("connect", nil):
      self = .mistake("/connect needs an address: /connect /ip4/192.0.2.1/tcp/4001")
    case ("refresh", _): self = .refresh
    case ("status", _): self = .status
    case ("quit", _), ("q", _), ("exit", _): self = .quit
    default:
      let shown = SafeText.line(name, bytesMax: 40)
      self = .mistake("there is no command /\(shown); /help lists those there are")
    }
  }

  private static func trimmed(_ text: Substring) -> String {
    let head = text.drop(while: \.isWhitespace)
    return String(
      head[..<(head.lastIndex { !$0.isWhitespace }.map { head.index(after: $0) } ?? head.startIndex)])
  }

  /// For completion, as they are written.
  static let known = [
    "/connect", "/help", "/join", "/leave", "/msg", "/names", "/quit", "/refresh", "/rooms", "/search",
    "/status", "/who",
  ]

  static let summary = [
    "/msg PEER|#ROOM [text]  write to one peer, or go there; a peer is named by the end of its PeerID",
    "/join ROOM, /leave [ROOM], /rooms  public rooms",
    "/names (or /who)  who is there, and how they are reached",
    "/search WORDS  look in all messages",
    "/connect ADDRESS  connect to a peer",
    "/refresh  tell everybody now that this node is there",
    "/status  this node: its PeerID and addresses",
    "/quit  leave",
  ]
}
