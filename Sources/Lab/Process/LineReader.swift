/// Cuts a stream of bytes into lines of limited length.
struct LineReader {
  enum Line: Hashable {
    case whole(ArraySlice<UInt8>)
    /// A line longer than the limit, of which nothing is kept; said once a line.
    case tooLong
  }

  let limit: Int
  private var buffer: [UInt8] = []
  private var isSkipping = false

  init(limit: Int) { self.limit = limit }

  /// Every line that these bytes complete, without its newline.
  mutating func receive(_ bytes: ArraySlice<UInt8>, _ body: (Line) -> Void) {
    var rest = bytes
    while let newline = rest.firstIndex(of: UInt8(ascii: "\n")) {
      take(rest[..<newline], body)
      if isSkipping {
        isSkipping = false
      } else {
        body(.whole(buffer[...]))
      }
      buffer.removeAll(keepingCapacity: true)
      rest = rest[(newline + 1)...]
    }
    take(rest, body)
  }

  private mutating func take(_ bytes: ArraySlice<UInt8>, _ body: (Line) -> Void) {
    if isSkipping { return }
    if buffer.count + bytes.count > limit {
      isSkipping = true
      buffer.removeAll(keepingCapacity: true)
      body(.tooLong)
      return
    }
    buffer += bytes
  }
}
