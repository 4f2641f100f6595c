import Presence

// The machine's words as the library's.

extension Event.Announcement {
  init(_ announcement: Announcement) {
    self =
      switch announcement {
      case .presence: .presence
      case .welcome: .welcome
      case .refresh: .refresh
      }
  }
}

extension Event.Life {
  init(_ life: Machine.Life) {
    self =
      switch life {
      case .presence: .presence
      case .welcome: .welcome
      case .refresh: .refresh
      case .message: .message
      case .connection: .connection
      }
  }
}

extension Event.OfflineReason {
  init(_ reason: Machine.OfflineReason) {
    self =
      switch reason {
      case .reaped: .reaped
      case .left: .left
      }
  }
}
