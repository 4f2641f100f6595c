package import NetworkModel
package import SansIO

/// The public side of the prober: does what requests ask for, when they ask for it. It knows no NAT.
package struct Reflector: Sendable {
  package struct Datagram: Hashable, Sendable {
    package let from: Spot
    package let to: Endpoint
    package let bytes: [UInt8]
  }

  /// Sixty probers with twenty lives of a few answers each are some thousands.
  static let pendingMax = 65_536

  private var pending: [UInt64: Datagram] = [:]
  private var times = DeadlineQueue<UInt64>()
  private var nextTicket: UInt64 = 0
  private var ready = BoundedQueue<Datagram>(limit: Reflector.pendingMax)

  package init() {}

  // MARK: Inputs

  /// A datagram at any of its spots; what is no request is ignored.
  package mutating func receive(_ bytes: [UInt8], from source: Endpoint, at now: Instant) {
    guard let request = Request(bytes) else { return }
    for (index, wish) in request.wishes.enumerated() where pending.count < Self.pendingMax {
      let answer = Answer(id: request.id, wish: UInt8(truncatingIfNeeded: index), observed: source)
      pending[nextTicket] = Datagram(from: wish.from, to: source, bytes: answer.bytes)
      times.set(nextTicket, to: now + .milliseconds(Int(wish.delay)))
      nextTicket += 1
    }
    advance(to: now)
  }

  package mutating func advance(to now: Instant) {
    while let ticket = times.popExpired(at: now) {
      if let datagram = pending.removeValue(forKey: ticket) { _ = ready.append(datagram) }
    }
  }

  package var deadline: Instant? { mutating get { times.earliest } }

  // MARK: Outputs

  package mutating func nextDatagram() -> Datagram? { ready.popFirst() }
}
