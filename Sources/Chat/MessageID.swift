package import Identity

// Identifiers of messages: lowercase hexadecimal of the bytes on the wire.

extension MessageKey {
  /// Of messages in envelopes and of direct messages. Random, so that nothing has to be remembered to make
  /// one.
  static let idBytes = 16
  /// Of messages in `global`, which have no envelope: gossipsub's sequence number.
  static let gossipIDBytes = 8

  init(author: PeerID, idBytes: [UInt8]) {
    self.init(author: author, id: Hexadecimal.text(idBytes))
  }

  /// The key of a message in `global`.
  package init(author: PeerID, gossipSequence: UInt64) {
    let bytes = (0..<8).map { UInt8(truncatingIfNeeded: gossipSequence >> (56 - 8 * UInt64($0))) }
    self.init(author: author, idBytes: bytes)
  }
}

enum Hexadecimal {
  private static let digits = [UInt8]("0123456789abcdef".utf8)

  static func text(_ bytes: [UInt8]) -> String {
    String(decoding: bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
  }

  /// Nil unless this is exactly `count` bytes in lowercase digits.
  static func bytes(_ text: String, count: Int) -> [UInt8]? {
    let characters = [UInt8](text.utf8)
    guard characters.count == 2 * count else { return nil }
    var bytes: [UInt8] = []
    bytes.reserveCapacity(count)
    for index in 0..<count {
      guard let high = digits.firstIndex(of: characters[2 * index]),
        let low = digits.firstIndex(of: characters[2 * index + 1])
      else { return nil }
      bytes.append(UInt8(high << 4 | low))
    }
    return bytes
  }
}
