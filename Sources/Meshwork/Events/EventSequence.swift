/// The events of a node, in order, until it is shut down.
///
/// Every iterator reads at its own pace and never holds the node up. The node keeps the last 4096 events; an
/// iterator that falls further behind receives one ``Event/Payload/gap(missed:)`` in place of those it
/// missed. Iteration ends after the last event of a node that is shut down, and when its task is cancelled.
public struct EventSequence: AsyncSequence, Sendable {
  let node: MeshNode
  let start: UInt64

  /// An iterator from the sequence's beginning.
  public func makeAsyncIterator() -> Iterator {
    Iterator(node: node, seen: start)
  }

  /// Reads the events one after the other.
  public struct Iterator: AsyncIteratorProtocol {
    let node: MeshNode
    var seen: UInt64

    /// The next event; waits for it. Nil at the end.
    public mutating func next() async -> Event? {
      guard let event = await node.event(after: seen) else { return nil }
      seen = event.sequence
      return event
    }

    /// The next event; waits for it. Nil at the end.
    public mutating func next(isolation actor: isolated (any Actor)?) async -> Event? {
      guard let event = await node.event(after: seen) else { return nil }
      seen = event.sequence
      return event
    }
  }
}
