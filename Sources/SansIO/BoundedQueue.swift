private import DequeModule

/// A first-in, first-out queue that says no when it is full.
package struct BoundedQueue<Element> {
  package let limit: Int
  private var elements = Deque<Element>()

  package init(limit: Int) {
    precondition(limit > 0, "a queue of \(limit) holds nothing")
    self.limit = limit
  }

  package var isEmpty: Bool { elements.isEmpty }
  package var isFull: Bool { elements.count >= limit }
  package var count: Int { elements.count }

  /// False, and nothing kept, when the queue is full.
  package mutating func append(_ element: Element) -> Bool {
    if isFull { return false }
    elements.append(element)
    return true
  }

  package mutating func popFirst() -> Element? { elements.popFirst() }
}

extension BoundedQueue: Sendable where Element: Sendable {}
