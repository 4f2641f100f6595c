import Dispatch
import Meshwork

/// Carries what a chat wants to the node, and what the node says to the chat.
package struct ChatSession<Backend: ChatBackend>: Sendable {
  /// Messages of one page of history.
  static var pageSize: Int { 100 }
  /// Messages that a search shows.
  static var findingsMax: Int { 50 }

  private let backend: Backend
  package let inbox = Inbox()
  private let actions: AsyncStream<Action>
  private let asked: AsyncStream<Action>.Continuation

  package init(_ backend: Backend) {
    self.backend = backend
    // A person fills it, by hand.
    (actions, asked) = AsyncStream.makeStream(bufferingPolicy: .unbounded)
  }

  /// Asks for something; what comes of it arrives in the inbox.
  package func ask(_ action: Action) { asked.yield(action) }

  /// Runs a face on a thread of its own until it returns.
  package func run(_ face: @escaping @Sendable (Self) -> Void) async {
    await withTaskGroup(of: Void.self) { group in
      group.addTask { await tellOfNode() }
      group.addTask { await performAll() }
      await withCheckedContinuation { continuation in
        DispatchQueue(label: "terminal").async {
          face(self)
          continuation.resume()
        }
      }
      inbox.close()
      group.cancelAll()
    }
  }

  private func tellOfNode() async {
    inbox.post(.rooms(await backend.rooms()))
    inbox.post(.peers(await backend.peers()))
    await report { inbox.post(.conversations(try await backend.conversations())) }
    await backend.follow { await inbox.put($0) }
    if !Task.isCancelled { inbox.post(.leaving) }
  }

  // MARK: Actions

  /// Messages go in the order they were written; what takes its time does not hold them up.
  private func performAll() async {
    await withDiscardingTaskGroup { group in
      for await action in actions {
        switch action {
        case .loadHistory, .search, .connect: group.addTask { await perform(action) }
        default: await perform(action)
        }
      }
      group.cancelAll()
    }
  }

  private func perform(_ action: Action) async {
    switch action {
    case .send(let text, let conversation):
      do {
        inbox.post(.sent(try await backend.send(text, to: conversation)))
      } catch {
        inbox.post(.notSent(text, to: conversation, reason: "\(error)"))
      }
    case .loadHistory(let conversation, let before): await loadHistory(of: conversation, before: before)
    case .search(let words):
      await report {
        inbox.post(.found(try await backend.search(words, limit: Self.findingsMax), words: words))
      }
    case .join(let room): await report { inbox.post(.joined(try await backend.join(room: room))) }
    case .leave(let room):
      await report {
        try await backend.leave(room: room)
        inbox.post(.left(room))
      }
    case .markRead(let message): await backend.markRead(upTo: message)
    case .connect(let address): await report { inbox.post(.notice(try await backend.connect(to: address))) }
    case .names:
      inbox.post(.peers(await backend.peers()))
      inbox.post(.names)
    case .refresh:
      await backend.refresh()
      inbox.post(.notice("told everybody that this node is there"))
    case .status: for line in await backend.status() { inbox.post(.notice(line)) }
    case .redraw, .quit: break
    }
  }

  private func loadHistory(of conversation: Conversation, before: ChatMessage?) async {
    var page: [ChatMessage] = []
    await report { page = try await backend.history(of: conversation, limit: Self.pageSize, before: before) }
    inbox.post(.history(conversation, page, before: before, hasOlder: page.count == Self.pageSize))
  }

  private func report(_ body: () async throws -> Void) async {
    do {
      try await body()
    } catch is CancellationError {
      return
    } catch {
      inbox.post(.failure("\(error)"))
    }
  }
}
