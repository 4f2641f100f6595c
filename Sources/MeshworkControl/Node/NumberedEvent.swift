/// An event of a node: its number in the node's own count, its time, its type and the type's fields.
public struct NumberedEvent: Sendable {
  /// Rises from event to event over the node's life.
  public var sequence: UInt64
  /// When it happened, since the Unix epoch.
  public var timeMs: Int64
  /// Its name for programs: `connection.opened`.
  public var type: String
  /// What belongs to the type, in order.
  public var fields: [JSONValue.Member]

  /// An event with all that clients are sent of it.
  public init(sequence: UInt64, timeMs: Int64, type: String, fields: [JSONValue.Member]) {
    self.sequence = sequence
    self.timeMs = timeMs
    self.type = type
    self.fields = fields
  }
}

extension NumberedEvent {
  var json: JSONValue {
    .object(
      [
        .init("seq", .integer(Int64(clamping: sequence))), .init("timeMs", .integer(timeMs)),
        .init("type", .string(type)),
      ] + fields)
  }
}
