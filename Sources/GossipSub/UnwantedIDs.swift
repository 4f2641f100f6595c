/// Messages a peer said it has (IDONTWANT), for a few heartbeats.
struct UnwantedIDs: Sendable {
  /// By heartbeat, newest first.
  private var windows: [Set<MessageID>] = [[]]
  private(set) var isEmpty = true

  mutating func insert(_ id: MessageID) {
    windows[0].insert(id)
    isEmpty = false
  }

  func contains(_ message: SharedMessage) -> Bool {
    !isEmpty && windows.contains { $0.contains(message.id) || $0.contains(message.otherID) }
  }

  mutating func heartbeat() {
    guard !isEmpty else { return }
    windows.insert([], at: 0)
    if windows.count > Configuration.dontWantHeartbeats { windows.removeLast() }
    isEmpty = windows.allSatisfy(\.isEmpty)
  }
}
