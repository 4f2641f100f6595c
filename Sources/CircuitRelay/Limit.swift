import Wire

/// What a relay allows one circuit. Nil is unlimited; so are absence and zero on the wire.
package struct Limit: Hashable, Sendable {
  package static let unlimited = Limit()

  /// From its establishment. Whole seconds on the wire.
  package var duration: Duration?
  /// In each direction.
  package var bytes: UInt64?

  package init(duration: Duration? = nil, bytes: UInt64? = nil) {
    self.duration = duration
    self.bytes = bytes
  }

  package var isUnlimited: Bool { self == .unlimited }

  init(_ wire: Relay_Limit) {
    duration = wire.duration == 0 ? nil : .seconds(Int64(wire.duration))
    bytes = wire.data == 0 ? nil : wire.data
  }

  /// Nil when there is no limit: to Go a limit that is present makes a connection a limited one, whatever it
  /// says, and gossip does not use those. A part of a second counts as a whole one, for zero would lift it.
  var wire: Relay_Limit? {
    if isUnlimited { return nil }
    var wire = Relay_Limit()
    wire.duration = duration.map { UInt32(clamping: max(1, $0.wholeSecondsRoundedUp)) } ?? 0
    wire.data = bytes ?? 0
    return wire
  }
}

extension Duration {
  fileprivate var wholeSecondsRoundedUp: Int64 {
    let (seconds, attoseconds) = components
    return attoseconds > 0 ? seconds.addingReportingOverflow(1).partialValue : seconds
  }
}
