import Glibc
package import NIOCore
package import SansIO

/// A capture file that grows as packets come: pcap with nanoseconds, link type RAW (IP and nothing before
/// it).
///
/// libpcap's own writer reports no error and leaves half a packet on a full disk; this one does not. What has
/// been written is with the kernel and outlives a `kill -9`; what has not is at most `bufferBytes` and no
/// older than `delay`, if `flush` is called when `deadline` says so.
///
/// ```
/// try writer.append(packet, at: now)
/// if let deadline = writer.deadline, deadline <= now { try writer.flush() }
/// ```
package struct CaptureWriter: ~Copyable {
  /// Enough for a system call every fifty large packets.
  package static let bufferBytes = 64 << 10
  package static let delay: Duration = .milliseconds(100)
  /// What readers accept of one packet: libpcap's limit.
  package static let packetBytesMax = 256 << 10

  package let path: String
  private let descriptor: CInt
  private var buffer = ByteBuffer()
  /// Time of the oldest packet in the buffer.
  private var oldest: Instant?
  /// Whole packets and the header, as they stand in the file.
  private var writtenBytes = 0
  private var failure: CaptureError?

  /// Creates the file, or empties the one that is there.
  package init(creating path: String) throws(CaptureError) {
    self.path = path
    descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOCTTY, 0o644)
    guard descriptor >= 0 else {
      throw .cannotOpen(path: path, reason: String(cString: strerror(errno)))
    }
    // Magic number for nanoseconds, version 2.4, no time zone, no accuracy, longest packet, LINKTYPE_RAW
    // (draft-ietf-opsawg-pcap, section 4).
    buffer.writeMultipleIntegers(
      UInt32(0xA1B2_3C4D), UInt16(2), UInt16(4), UInt32(0), UInt32(0), UInt32(Self.packetBytesMax),
      UInt32(101))
    try flush()
  }

  deinit {
    _ = Self.write(buffer, to: descriptor)
    close(descriptor)
  }

  /// Adds an IP packet. One that is longer than readers accept is cut, and its length on the wire kept.
  /// - Parameter time: since the Unix epoch.
  /// - Throws: `.cannotWrite`, now and from then on.
  package mutating func append(_ packet: ByteBuffer, at time: Instant) throws(CaptureError) {
    if let failure { throw failure }
    let captured = min(packet.readableBytes, Self.packetBytesMax)
    buffer.writeMultipleIntegers(
      UInt32(truncatingIfNeeded: time.nanoseconds / 1_000_000_000),
      UInt32(truncatingIfNeeded: time.nanoseconds % 1_000_000_000), UInt32(truncatingIfNeeded: captured),
      UInt32(truncatingIfNeeded: packet.readableBytes))
    buffer.writeImmutableBuffer(packet.prefix(captured))
    if oldest == nil { oldest = time }
    let isOld = oldest.map { time - $0 >= Self.delay } ?? false
    if isOld || buffer.readableBytes >= Self.bufferBytes { try flush() }
  }

  /// When what is in the buffer should be written, by the clock of the packets.
  package var deadline: Instant? { oldest.map { $0 + Self.delay } }

  /// Hands everything to the kernel. The file then ends with a whole packet, even when this throws.
  package mutating func flush() throws(CaptureError) {
    if let failure { throw failure }
    let count = buffer.readableBytes
    if let code = Self.write(buffer, to: descriptor) {
      // Best effort: what does not end with a whole packet is still read up to there.
      _ = ftruncate(descriptor, off_t(writtenBytes))
      let error = CaptureError.cannotWrite(path: path, reason: String(cString: strerror(code)))
      failure = error
      buffer = ByteBuffer()
      oldest = nil
      throw error
    }
    writtenBytes += count
    buffer.clear()
    oldest = nil
  }

  /// The error's number, or nil when all was written.
  private static func write(_ bytes: ByteBuffer, to descriptor: CInt) -> CInt? {
    var rest = bytes
    while rest.readableBytes > 0 {
      let count = rest.withUnsafeReadableBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
      if count < 0 {
        if errno == EINTR { continue }
        return errno
      }
      rest.moveReaderIndex(forwardBy: count)
    }
    return nil
  }
}
