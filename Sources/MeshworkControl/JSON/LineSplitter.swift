import NIOCore

/// Cuts a byte stream into lines, none of which may take more than a fixed number of bytes.
///
/// A longer line is reported once and skipped up to its end, whatever its length: memory stays at one line,
/// and the lines that follow are read as if nothing had happened.
struct LineSplitter {
  enum Line: Equatable {
    /// A line without its end.
    case text(ByteBuffer)
    /// A line of more bytes than allowed was, or is being, skipped.
    case tooLong
  }

  private let bytesMax: Int
  private var buffer = ByteBuffer()
  /// So many readable bytes hold no line end: a line that arrives byte by byte is searched once.
  private var searchedBytes = 0
  private var isSkipping = false

  init(bytesMax: Int) { self.bytesMax = bytesMax }

  mutating func receive(_ bytes: ByteBuffer) {
    if buffer.readableBytes == 0 {
      buffer = bytes
    } else {
      var bytes = bytes
      buffer.writeBuffer(&bytes)
    }
  }

  /// The next whole line; pull until `nil`.
  mutating func nextLine() -> Line? {
    while true {
      let unsearched = buffer.readableBytesView.dropFirst(searchedBytes)
      if let end = unsearched.firstIndex(of: UInt8(ascii: "\n")) {
        let length = end - buffer.readerIndex
        let line = buffer.readSlice(length: length)
        buffer.moveReaderIndex(forwardBy: 1)
        searchedBytes = 0
        if isSkipping {
          isSkipping = false
          continue
        }
        guard let line, length <= bytesMax else { return .tooLong }
        return .text(line)
      }
      if isSkipping || buffer.readableBytes > bytesMax {
        let isNew = !isSkipping
        isSkipping = true
        buffer = ByteBuffer()
        searchedBytes = 0
        return isNew ? .tooLong : nil
      }
      searchedBytes = buffer.readableBytes
      if searchedBytes == 0 { buffer = ByteBuffer() } else { buffer.discardReadBytes() }
      return nil
    }
  }

  /// The stream ended: what follows the last line end, if anything.
  mutating func finish() -> Line? {
    guard !isSkipping, buffer.readableBytes > 0 else { return nil }
    defer { buffer = ByteBuffer() }
    return .text(buffer)
  }
}
