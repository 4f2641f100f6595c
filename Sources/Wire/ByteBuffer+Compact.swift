package import NIOCore

extension ByteBuffer {
  /// The same bytes; in storage of their own if what they are a slice of is more than `factor` times their
  /// size.
  ///
  /// For whoever keeps bytes for long: a slice keeps alive all that was received with it, and a peer that
  /// mixes a few bytes for one who does not read with many for one who does would so fill the memory.
  package func compacted(within factor: Int) -> ByteBuffer {
    let (limit, overflow) = readableBytes.multipliedReportingOverflow(by: factor)
    return overflow || storageCapacity <= limit ? self : ByteBuffer(bytes: readableBytesView)
  }
}
