import NIOCore
import Testing

@testable import MeshworkControl

@Suite("JSON")
struct JSONTests {
  @Test(
    "What is written comes back as it was",
    arguments: [
      "null", "true", "false", "0", "-7", "9223372036854775807", "0.5", "-1.25", "\"\"", "[]", "{}",
      #"{"b":1,"a":[null,{"c":"x"}]}"#, #""\"\\\n\r\t\u0000\u007f/é😀""#,
    ])
  func roundTrip(text: String) throws {
    #expect(try json(text).description == text)
  }

  @Test func readsEscapesAndSpace() throws {
    #expect(try json(" { \"a\" :\t[ 1 , 2 ]\r\n} ") == ["a": [1, 2]])
    #expect(try json(#""\u00e9\ud83d\ude00\/\b\f""#) == .string("é😀/\u{8}\u{c}"))
  }

  @Test func numbersThatFitNoIntegerAreNumbers() throws {
    #expect(try json("9223372036854775808") == .number(9_223_372_036_854_775_808))
    #expect(try json("1e3") == .number(1000))
    #expect(JSONValue.number(.infinity).description == "null")
  }

  @Test(
    "What is not JSON is refused where it stops being JSON",
    arguments: [
      ("", 1, 1), ("{", 1, 2), ("[1,\n 2,\n x]", 3, 2), ("{\"a\":1,}", 1, 8), ("[1 2]", 1, 4), ("nul", 1, 4),
      ("tru e", 1, 4), ("01", 1, 2), ("-", 1, 2), ("1.", 1, 3), ("1e", 1, 3), ("1e999", 1, 1), ("\"a", 1, 3),
      ("\"a\nb\"", 1, 3), ("\"\\x\"", 1, 3), ("\"\\u12g4\"", 1, 6), ("\"\\ud800\"", 1, 8),
      ("\"\\ud800\\n\"", 1, 9),
      ("{\"a\":1,\"a\":2}", 1, 8), ("1 1", 1, 3), ("{a:1}", 1, 2), ("{\"a\" 1}", 1, 6), ("'a'", 1, 1),
    ])
  func malformed(text: String, line: Int, column: Int) {
    #expect {
      try json(text)
    } throws: { error in
      let error = error as? JSONSyntaxError
      return error?.line == line && error?.column == column && error?.problem.isEmpty == false
    }
  }

  @Test func depthIsLimited() throws {
    func nested(_ depth: Int) -> String {
      String(repeating: "[", count: depth) + String(repeating: "]", count: depth)
    }
    #expect(throws: Never.self) { try json(nested(JSONReader.depthMax + 1)) }
    #expect(throws: JSONSyntaxError.self) { try json(nested(JSONReader.depthMax + 2)) }
    #expect(throws: JSONSyntaxError.self) { try json(String(repeating: "[", count: 1 << 20)) }
  }

  @Test func everyTruncationAndEveryBitFlipIsAnswered() {
    let text = Array(#"{"jsonrpc":"2.0","id":[1,-2.5e3],"method":"a\u00e9\n","params":{"x":null}}"#.utf8)
    for end in text.indices {
      #expect(throws: JSONSyntaxError.self) { try JSONReader.read(Array(text[..<end])) }
    }
    for index in text.indices {
      for bit in 0..<8 {
        var flipped = text
        flipped[index] ^= 1 << bit
        // Some are still JSON; none may do anything but return.
        _ = try? JSONReader.read(flipped)
      }
    }
  }

  @Test func invalidUTF8IsRefused() {
    #expect(throws: JSONSyntaxError.self) { try JSONReader.read([0x22, 0xC3, 0x28, 0x22]) }
    #expect(throws: JSONSyntaxError.self) { try JSONReader.read([0x22, 0xFF, 0x22]) }
  }
}

@Suite("Lines")
struct LineSplitterTests {
  private func split(_ pieces: [String], bytesMax: Int = 8) -> [LineSplitter.Line] {
    var splitter = LineSplitter(bytesMax: bytesMax)
    var lines: [LineSplitter.Line] = []
    for piece in pieces {
      splitter.receive(ByteBuffer(string: piece))
      while let line = splitter.nextLine() { lines.append(line) }
    }
    if let last = splitter.finish() { lines.append(last) }
    return lines
  }

  private func text(_ text: String) -> LineSplitter.Line { .text(ByteBuffer(string: text)) }

  @Test func linesComeOutHoweverTheyArrive() {
    #expect(split(["a\nbb\n\nc"]) == [text("a"), text("bb"), text(""), text("c")])
    #expect(split("a\nbb\n\nc".map { String($0) }) == [text("a"), text("bb"), text(""), text("c")])
  }

  @Test func theLongestLineIsTaken() {
    #expect(split(["12345678\n"]) == [text("12345678")])
    #expect(split(["1234", "5678", "\n"]) == [text("12345678")])
  }

  @Test func aLongerLineIsReportedOnceAndSkipped() {
    #expect(split(["123456789\nok\n"]) == [.tooLong, text("ok")])
    #expect(split(["123456789", "0123", "456789012", "3\nok\n"]) == [.tooLong, text("ok")])
    #expect(split(["123456789"]) == [.tooLong])
    #expect(split(["123456789\n123456789\n"]) == [.tooLong, .tooLong])
  }
}
