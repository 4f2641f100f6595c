/// TCP hole punching between two hosts, each behind a NAT of its own: its outcome, from what the boxes are.
///
/// Each host listens on a port and holds a connection from that port to a relay, by which others know its
/// external endpoint. When told, each sends a SYN to the other's known endpoint: from that port, if its box
/// maps it the same towards everybody. Otherwise from another one: nobody can know where it comes from
/// anyway, and from the listening port it would take the way of the answer to the other's SYN, which then
/// comes from where nobody asked. Nothing else is done: no port is predicted, and no SYN is sent to die on
/// the way.
///
/// A SYN gets through when the other's box admits it to the known endpoint. Its filter asks for what the
/// other host has itself sent *from that endpoint*, so a hole is only where it is looked for if the other's
/// mapping is the same towards everybody; and a filter on ports asks for the port this SYN comes from, which
/// is known only if this side's mapping is the same towards everybody, too. RFC 4787, sections 4.1 and 5; RFC
/// 5382, sections 4 and 5.
///
/// What comes too early finds no hole yet. A box that drops it leaves the host to send it again (after 1 s:
/// RFC 6298, section 2.1), one that refuses it ends this try, and the next finds the hole. That boxes keep
/// the hole after a refusal has come through it is RFC 7857, section 2.2; Linux does not, so through its
/// boxes SYNs have to cross under way.
package struct HolePunch: Hashable, Sendable {
  package enum Side: Hashable, Sendable, CaseIterable {
    case left, right

    package var other: Side { self == .left ? .right : .left }
  }

  /// Why it cannot be.
  package enum Obstacle: Hashable, Sendable {
    /// Neither side comes from, or can be reached at, a port that the other knows.
    case bothUnknown
    /// That side comes from a port that nobody knows, and the other's box asks for it.
    case unknown(Side)
  }

  package enum Outlook: Hashable, Sendable {
    /// Both SYNs get through, and whichever comes second finds the hole.
    case bothWays
    /// Only the SYN of that side gets through: the other accepts it.
    case oneWay(from: Side)
    case impossible(Obstacle)

    package var isPossible: Bool {
      switch self {
      case .bothWays, .oneWay: true
      case .impossible: false
      }
    }
  }

  package let left: NAT.Behavior
  package let right: NAT.Behavior

  package init(_ left: NAT.Behavior, _ right: NAT.Behavior) {
    self.left = left
    self.right = right
  }

  package var outlook: Outlook {
    switch (passes(from: .left), passes(from: .right)) {
    case (true, true): .bothWays
    case (true, false): .oneWay(from: .left)
    case (false, true): .oneWay(from: .right)
    case (false, false):
      // A side whose own endpoint is unknown; if the other's were unknown too, both are.
      left.hasKnownEndpoint
        ? .impossible(.unknown(.right))
        : .impossible(right.hasKnownEndpoint ? .unknown(.left) : .bothUnknown)
    }
  }

  /// Tries that may be needed, whoever's SYN comes first. Where only one SYN gets through and the other's box
  /// refuses what comes early, the first try may be in vain.
  package var triesMax: Int {
    guard case .oneWay(let side) = outlook else { return 1 }
    let box = behavior(side.other)
    return box.unsolicited == .drop || box.filtering == .endpointIndependent ? 1 : 2
  }

  /// Whether the SYN of that side gets through once the other has sent its own.
  package func passes(from side: Side) -> Bool {
    let (mine, theirs) = (behavior(side), behavior(side.other))
    switch theirs.filtering {
    case .endpointIndependent: return true
    case .addressDependent: return theirs.hasKnownEndpoint
    case .addressAndPortDependent: return theirs.hasKnownEndpoint && mine.hasKnownEndpoint
    }
  }

  private func behavior(_ side: Side) -> NAT.Behavior {
    switch side {
    case .left: left
    case .right: right
    }
  }
}

extension NAT.Behavior {
  /// Whether what one correspondent sees of a host is where all others see it. A box that overloads ports
  /// keeps them whatever it depends on; with several external addresses, if they are paired.
  package var hasKnownEndpoint: Bool {
    mapping == .endpointIndependent || (ports.preservation == .overloading && pooling == .paired)
  }
}
