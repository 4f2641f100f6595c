import Testing

@testable import Chat

@Suite struct RoomNameTests {
  @Test(arguments: [
    ("garden", "garden"), ("#Garden ", "garden"), ("  swift-6.3\n", "swift-6.3"), ("a", "a"),
    ("GLOBAL", "global"),
    ("münchen", "münchen"), ("ΠΌΛΗ", "πόλη"), ("ห้องแชท", "ห้องแชท"), ("चर्चा", "चर्चा"), ("渋谷", "渋谷"),
    ("\u{212B}", "\u{E5}"), ("room_2", "room_2"),
  ])
  func normalised(typed: String, name: String) throws {
    let result = try RoomName.normalised(typed)
    #expect(result.utf8.elementsEqual(name.utf8))
    let again = try RoomName.normalised(result)
    #expect(again == result)
  }

  @Test(arguments: [
    "two words", "a\u{1B}[31mb", "a\u{202E}b", "a\u{200B}b", "a/b", "ANNOUNCE:X", "-a", "a.", "_", "##a",
    "u\u{308}nder", "🎉", "a\u{200D}b", "\u{1100}\u{1161}", "a\0", "½",
  ])
  func unusable(name: String) {
    #expect(throws: ChatError.unusableRoomName) { try RoomName.normalised(name) }
  }

  @Test func emptyAndTooLong() throws {
    for name in ["", " ", "#", "\n\t"] {
      #expect(throws: ChatError.emptyRoomName) { try RoomName.normalised(name) }
    }
    #expect(try RoomName.normalised(text(bytes: 64)) == text(bytes: 64))
    #expect(throws: ChatError.roomNameTooLong(bytes: 65, limit: 64)) {
      try RoomName.normalised(text(bytes: 65))
    }
  }

  @Test(arguments: ["garden", "渋谷", "global", text(bytes: 64)])
  func topicsAndBack(room: String) {
    let topic = RoomName.topic(of: room)
    #expect(RoomName.room(ofTopic: topic) == room)
    #expect(topic.utf8.count <= 256)
  }

  @Test(arguments: [
    "", "meshwork-room/1/", "meshwork-room/1/global", "meshwork-room/1/Garden", "meshwork-room/1/a b",
    "meshwork-room/2/garden", "meshwork-presence/1", "p2p-chat-global2", "meshwork-room/1/\u{301}a",
  ])
  func topicsOfNoRoom(topic: String) { #expect(RoomName.room(ofTopic: topic) == nil) }

  @Test func theOriginalsTopic() {
    #expect(RoomName.topic(of: "global") == "p2p-chat-global")
    #expect(RoomName.topic(of: "garden") == "meshwork-room/1/garden")
  }
}
