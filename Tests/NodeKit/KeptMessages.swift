package import Chat

/// What a store would keep: enough to say what is new.
package struct KeptMessages {
  package private(set) var messages: [MessageKey: Message] = [:]

  package mutating func apply(_ writes: [Write]) -> [Outcome] {
    writes.map { write in
      switch write {
      case .insert(let message):
        guard messages[message.key] == nil else { return .duplicate }
        messages[message.key] = message
        return .inserted
      case .state(let key, let state): messages[key]?.state = state
      case .read, .author, .peer, .room: break
      }
      return .done
    }
  }
}
