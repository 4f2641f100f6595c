/// How rooms are named, and which topic carries which room.
///
/// A topic is compared byte by byte, so a room must have one spelling: lowercase letters and digits of any
/// script, and `-`, `_` and `.` between them. Nothing that a terminal obeys or hides can be in a name.
package enum RoomName {
  /// The original app's public room. Always joined.
  package static let global = "global"
  /// In UTF-8. Topics of all rooms stay well below the 256 bytes that gossipsub routers take.
  package static let bytesMax = 64

  static let globalTopic = "p2p-chat-global"
  static let topicPrefix = "meshwork-room/1/"

  /// The name that a person meant: `#Garden ` is `garden`.
  package static func normalised(_ name: String) throws(ChatError) -> String {
    var scalars = Substring(name.lowercased()).unicodeScalars
    while scalars.first?.properties.isWhitespace ?? false { scalars.removeFirst() }
    while scalars.last?.properties.isWhitespace ?? false { scalars.removeLast() }
    if scalars.first == "#" { scalars.removeFirst() }
    let bare = String(scalars)
    guard !bare.isEmpty else { throw .emptyRoomName }
    guard bare.utf8.count <= bytesMax else {
      throw .roomNameTooLong(bytes: bare.utf8.count, limit: bytesMax)
    }
    guard isNormalised(bare) else { throw .unusableRoomName }
    return bare
  }

  static func isNormalised(_ name: String) -> Bool {
    guard !name.isEmpty, name.utf8.count <= bytesMax, name.unicodeScalars.allSatisfy(isUsable) else {
      return false
    }
    guard let first = name.unicodeScalars.first, let last = name.unicodeScalars.last else { return false }
    guard isInner(first), isInner(last), name.lowercased().utf8.elementsEqual(name.utf8) else { return false }
    return Text.safe(name, lines: .joined).utf8.elementsEqual(name.utf8)
  }

  /// What may stand at the ends: a name is often followed by a full stop, or leads a list with a dash.
  private static func isInner(_ scalar: Unicode.Scalar) -> Bool { !"-_.".unicodeScalars.contains(scalar) }

  private static func isUsable(_ scalar: Unicode.Scalar) -> Bool {
    if !isInner(scalar) { return true }
    if scalar.properties.isDefaultIgnorableCodePoint { return false }
    switch scalar.value {
    // Accents written apart from their letter, and parts of Korean syllables: the same name could be written
    // in one piece.
    case 0x300...0x36F, 0x1100...0x11FF: return false
    default: break
    }
    switch scalar.properties.generalCategory {
    case .lowercaseLetter, .otherLetter, .modifierLetter, .nonspacingMark, .spacingMark, .decimalNumber:
      return true
    default: return false
    }
  }

  // MARK: Topics

  package static func topic(of room: String) -> String {
    room == global ? globalTopic : topicPrefix + room
  }

  /// Nil for a topic that carries no room.
  package static func room(ofTopic topic: String) -> String? {
    if topic == globalTopic { return global }
    // By bytes: for characters, a prefix ends elsewhere when an accent follows it.
    guard topic.utf8.starts(with: topicPrefix.utf8) else { return nil }
    guard let room = String(topic.utf8.dropFirst(topicPrefix.utf8.count)) else { return nil }
    return isNormalised(room) && room != global ? room : nil
  }
}
