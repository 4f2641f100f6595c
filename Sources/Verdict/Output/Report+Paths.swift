import SansIO
import Scenario

// How hosts came to reach each other, by the packets of those who did.

extension Report {
  /// Reservations, circuits, hole punches, and where messages go from then on.
  var pathRows: [(at: Instant, row: SequenceRow)] {
    trace.sightings.compactMap { sighted in words(for: sighted).map { row(sighted, $0) } } + moveRows
  }

  private func row(
    _ sighted: Sighted, _ words: (text: String, to: String?, isBad: Bool)
  ) -> (at: Instant, row: SequenceRow) {
    let row = SequenceRow.path(
      from: sighted.host, to: words.to, words: words.text, place: sighted.evidence.place, isBad: words.isBad)
    return (sighted.at, row)
  }

  /// Of a circuit its initiator's capture tells; that of the other end only where there is no such one.
  private func words(for sighted: Sighted) -> (text: String, to: String?, isBad: Bool)? {
    let relay = sighted.peer ?? "a relay"
    switch sighted.what {
    case .reserved(let roundTrips, let ms) where sighted.direction == .inbound:
      let trips = "\(roundTrips) round trip\(roundTrips == 1 ? "" : "s")"
      return ("reservation at \(relay), after \(trips) and \(ms.asTime)", relay, false)
    case .reservationRefused(let reason) where sighted.direction == .inbound:
      return ("no reservation at \(relay): \(reason)", relay, true)
    case .circuitOpened(let from, let to) where tells(sighted.host, from, to):
      return ("circuit from \(from) to \(to) via \(relay) opens", other(sighted.host, from, to), false)
    case .circuitRefused(let from, let to, let reason) where tells(sighted.host, from, to):
      return ("no circuit from \(from) to \(to) via \(relay): \(reason)", nil, true)
    case .circuitEnded(let from, let to, let sent, let received, let wasReset)
    where tells(sighted.host, from, to):
      let end = "circuit from \(from) to \(to) via \(relay) " + (wasReset ? "is reset" : "ends")
      return ("\(end), after \(sent) bytes there and \(received) back", nil, wasReset)
    case .punched(let opening):
      return ("hole punched to \(sighted.peer ?? "somebody"), \(opening.words)", sighted.peer, false)
    case .simultaneousOpen:
      return ("simultaneous open with \(sighted.peer ?? "somebody")", sighted.peer, false)
    case .packet, .secured, .agreed, .subscribed, .reserved, .reservationRefused, .circuitOpened,
      .circuitRefused, .circuitEnded, .gossip:
      return nil
    }
  }

  private func tells(_ host: String, _ from: String, _ to: String) -> Bool {
    host == from || host == to && trace.plan.host(named: from)?.captures != true
  }

  private func other(_ host: String, _ from: String, _ to: String) -> String { host == from ? to : from }

  /// When what a host publishes to another goes another way than before.
  private var moveRows: [(at: Instant, row: SequenceRow)] {
    struct Pair: Hashable {
      let host: String
      let peer: String
    }
    var ways: [Pair: String] = [:]
    return trace.sightings.compactMap { sighted in
      guard case .gossip = sighted.what, sighted.direction == .outbound, let peer = sighted.peer,
        let path = sighted.path
      else { return nil }
      let way =
        switch path {
        case .direct: "directly"
        case .relayed: "over \(sighted.relay ?? "a relay")"
        }
      let last = ways.updateValue(way, forKey: Pair(host: sighted.host, peer: peer))
      guard let last, last != way else { return nil }
      return row(sighted, ("messages to \(peer) now go \(way)", peer, false))
    }
  }
}
