package import SansIO

/// Why a capture file cannot be read or written any further.
package enum CaptureError: AttributedError {
  case cannotOpen(path: String, reason: String)
  /// Neither pcap nor pcapng, or a variant that libpcap does not read.
  case notACapture(path: String, reason: String)
  /// Packets of a kind that is not read here, as libpcap names it.
  case unknownLinkType(path: String, name: String)
  /// The file ends inside a packet, or goes on as something else. What came before was read.
  case truncated(path: String, reason: String)
  /// A packet could not be written. What was written before stands in the file, whole.
  case cannotWrite(path: String, reason: String)

  package var fault: Fault { .local }
}

extension CaptureError: CustomStringConvertible {
  package var description: String {
    switch self {
    case .cannotOpen(let path, let reason): "\(path) cannot be opened: \(reason)"
    case .notACapture(let path, let reason): "\(path) is not a capture: \(reason)"
    case .unknownLinkType(let path, let name):
      "\(path) has packets of link type \(name); read are RAW, Ethernet, Linux cooked and loopback"
    case .truncated(let path, let reason): "\(path) is cut off: \(reason)"
    case .cannotWrite(let path, let reason): "\(path) cannot be written: \(reason)"
    }
  }
}
