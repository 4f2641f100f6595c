/// How much the store takes and gives, and why no more.
package struct Limits: Sendable {
  /// Messages kept in memory while there is no file. At most 16 KiB each, so 32 MiB at the very worst.
  package var messagesInMemory = 2_000
  /// Messages given in answer to one question.
  package var pageMessages = 1_000
  /// Conversations given at once: more than a person has.
  package var conversations = 1_000
  /// Our own messages that wait for somebody. Further ones are kept, but not given at the start.
  package var outbox = 4_096
  /// Authors whose highest sequence number is remembered, those heard last. Anybody can make up new ones.
  package var authors = 10_000
  /// Peers worth dialling again, those seen last.
  package var peers = 1_000
  /// Addresses of one peer.
  package var addresses = 16
  /// Problems not yet asked for. More of them say nothing new.
  package var problems = 16

  /// Between two tries to use a file that could not be used. Each costs the opening of a database.
  package var retryInterval: Duration = .seconds(30)

  package init() {}

  /// A message is at most 16 KiB on its way here; the original app's, as large as its gossip frame. A row
  /// that claims more was written by somebody else.
  static let textBytesMax = 64 * 1024
  /// A key's identifier has 16 bytes in hexadecimal; anything near this is not ours.
  static let idBytesMax = 128
  static let roomBytesMax = 1024
  /// No value of more bytes enters the memory of this process, from whatever file.
  static let valueBytesMax = 1024 * 1024
  /// Of the pages of the file: enough for the upper levels of its trees. Pages that fall out are still in
  /// the system's cache.
  static let cacheKiB = 1024
  /// Writes after which the messages among them are put into the full-text index and the log is moved into
  /// the database. For each message by itself that is three quarters of what keeping it costs; for so many it
  /// takes some ten milliseconds.
  static let writesUntendedMax = 256
  /// A log longer than this is cut once its content is in the database.
  static let logBytesMax = 4 * 1024 * 1024
  /// Damaged files put aside. Whoever has so many has a broken disk, not a broken file.
  static let filesAsideMax = 100
  /// People and conversations whose numbers are at hand; a hundred bytes each.
  static let numbersKnown = 1024
  /// What a person types into a search field.
  static let searchCharactersMax = 256
  static let searchWordsMax = 16
  /// Texts looked at in vain for the end of a long word, before a search gives what it has.
  static let searchRejectedMax = 5_000
}
