import CPcap
import Glibc
package import NIOCore
package import SansIO

/// Packets out of a file: pcap of either byte order, with microseconds or nanoseconds, and pcapng.
///
/// One packet is held at a time, and none is larger than the 256 KiB that libpcap allows.
package struct CaptureReader: ~Copyable {
  package struct Packet: Sendable {
    /// Since the Unix epoch.
    package let time: Instant
    package let bytes: ByteBuffer
    /// Its size on the wire; the capture may have less.
    package let wireBytes: Int
  }

  package let path: String
  package let linkType: LinkType
  private let handle: OpaquePointer

  package init(reading path: String) throws(CaptureError) {
    self.path = path
    var message = [CChar](repeating: 0, count: Int(PCAP_ERRBUF_SIZE))
    guard let file = fopen(path, "re") else {
      throw .cannotOpen(path: path, reason: String(cString: strerror(errno)))
    }
    // From here on libpcap owns the file, but for when it says no.
    guard
      let handle = pcap_fopen_offline_with_tstamp_precision(
        file, UInt32(PCAP_TSTAMP_PRECISION_NANO), &message)
    else {
      fclose(file)
      throw .notACapture(path: path, reason: Self.text(message))
    }
    guard let linkType = LinkType(dataLink: pcap_datalink(handle)) else {
      let number = pcap_datalink(handle)
      let name = pcap_datalink_val_to_name(number).map { String(cString: $0) } ?? "\(number)"
      pcap_close(handle)
      throw .unknownLinkType(path: path, name: name)
    }
    self.linkType = linkType
    self.handle = handle
  }

  deinit { pcap_close(handle) }

  /// The next packet, or nil at the end.
  /// - Throws: `.truncated`, after which there is nothing more.
  package mutating func next() throws(CaptureError) -> Packet? {
    var header: UnsafeMutablePointer<pcap_pkthdr>?
    var bytes: UnsafePointer<UInt8>?
    switch pcap_next_ex(handle, &header, &bytes) {
    case 1:
      guard let header = header?.pointee, let bytes else { return nil }
      // libpcap's memory, until its next call: copied here, and its length is libpcap's own.
      let packet = UnsafeBufferPointer(start: bytes, count: Int(header.caplen))
      return Packet(
        time: Instant(header.ts), bytes: ByteBuffer(bytes: packet), wireBytes: Int(header.len))
    case PCAP_ERROR_BREAK: return nil
    default: throw .truncated(path: path, reason: String(cString: pcap_geterr(handle)))
    }
  }

  private static func text(_ message: [CChar]) -> String {
    String(decoding: message.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }
}

extension Instant {
  /// libpcap's time with nanoseconds in the place of microseconds. A file may say anything.
  fileprivate init(_ time: timeval) {
    let seconds = UInt64(clamping: time.tv_sec).multipliedReportingOverflow(by: 1_000_000_000)
    let sum = seconds.partialValue.addingReportingOverflow(UInt64(clamping: time.tv_usec))
    self.init(nanoseconds: seconds.overflow || sum.overflow ? .max : sum.partialValue)
  }
}

extension LinkType {
  fileprivate init?(dataLink: Int32) {
    switch dataLink {
    case DLT_RAW, DLT_IPV4, DLT_IPV6: self = .raw
    case DLT_EN10MB: self = .ethernet
    case DLT_LINUX_SLL: self = .linuxCooked
    case DLT_LINUX_SLL2: self = .linuxCooked2
    case DLT_NULL, DLT_LOOP: self = .loopback
    default: return nil
    }
  }
}
