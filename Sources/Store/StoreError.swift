package import SansIO

/// Why a history of the original app cannot be taken over.
package enum StoreError: AttributedError {
  case unreadable(path: String, reason: String)
  case notTheOriginals(path: String)

  package var fault: Fault { .local }
}

extension StoreError: CustomStringConvertible {
  /// What is wrong, where, and what to do.
  package var description: String {
    switch self {
    case .unreadable(let path, let reason):
      "\(path): cannot be read: \(reason). To go on: close the original app, and check the path and its "
        + "permissions."
    case .notTheOriginals(let path):
      "\(path): not a history of the original app: it has no table `messages` as that app makes it. To go "
        + "on: name its p2p_chat_….db."
    }
  }
}
