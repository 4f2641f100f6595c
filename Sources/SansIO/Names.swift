// What machines and their driver call the things they share. Numbers are the driver's, and never reused.

/// One transport connection, from accept or dial until it is closed.
package struct ConnectionID: Hashable, Comparable, Sendable {
  package let rawValue: UInt64

  package init(rawValue: UInt64) { self.rawValue = rawValue }

  package static func < (left: Self, right: Self) -> Bool { left.rawValue < right.rawValue }
}

/// One stream of one connection.
package struct StreamHandle: Hashable, Comparable, Sendable {
  package let connection: ConnectionID
  package let stream: UInt32

  package init(connection: ConnectionID, stream: UInt32) {
    self.connection = connection
    self.stream = stream
  }

  package static func < (left: Self, right: Self) -> Bool {
    (left.connection, left.stream) < (right.connection, right.stream)
  }
}

/// A stream that a machine asked for and does not have yet; the machine's own number.
package struct OpenID: Hashable, Comparable, Sendable {
  package let rawValue: UInt64

  package init(rawValue: UInt64) { self.rawValue = rawValue }

  package static func < (left: Self, right: Self) -> Bool { left.rawValue < right.rawValue }
}
