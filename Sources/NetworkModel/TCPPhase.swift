/// As much of a TCP connection's state as a box between its ends needs for its timers: RFC 5382, section 5;
/// RFC 7857, section 2; simultaneous open included.
struct TCPPhase: OptionSet, Hashable, Sendable {
  let rawValue: UInt8

  init(rawValue: UInt8) { self.rawValue = rawValue }

  static let synOut = TCPPhase(rawValue: 1)
  static let synIn = TCPPhase(rawValue: 2)
  static let finOut = TCPPhase(rawValue: 4)
  static let finIn = TCPPhase(rawValue: 8)
  static let reset = TCPPhase(rawValue: 16)
  static let established = TCPPhase(rawValue: 32)
  /// Data of a connection whose handshake the box has not seen: it was rebooted in between.
  static let dataOut = TCPPhase(rawValue: 64)
  static let dataIn = TCPPhase(rawValue: 128)

  /// Not open yet, or being closed.
  var isTransitory: Bool {
    contains(.reset) || isSuperset(of: [.finOut, .finIn]) || !contains(.established)
  }

  mutating func see(_ flags: TCPFlags, isOutbound: Bool) {
    if flags.contains(.syn) {
      if contains(.reset) || isSuperset(of: [.finOut, .finIn]) { self = [] }
      insert(isOutbound ? .synOut : .synIn)
    } else if flags.contains(.ack) {
      insert(isOutbound ? .dataOut : .dataIn)
      if isSuperset(of: [.synOut, .synIn]) || isSuperset(of: [.dataOut, .dataIn]) { insert(.established) }
    }
    if flags.contains(.fin) { insert(isOutbound ? .finOut : .finIn) }
    if flags.contains(.rst) { insert(.reset) }
  }
}
