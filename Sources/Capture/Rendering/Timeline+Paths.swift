import Identity
import Noise
import SansIO
import Wire

extension Timeline {
  /// How peers came to reach each other, one line for each change: reservations, circuits, hole punches,
  /// channels, and where messages go. Empty where no relay is spoken to, or single protocols are asked for.
  func paths(_ filter: Filter = Filter()) -> [String] {
    guard filter.protocols.isEmpty else { return [] }
    var watch = PathWatch()
    let lines = items.filter(filter.admits).flatMap { item in watch.receive(item).map { (item.time, $0) } }
    guard watch.hasRelay, let start = items.first?.time else { return [] }
    let times = lines.map { Text.seconds(($0.0 - start).clampedNanoseconds) }
    let width = times.reduce(0) { max($0, $1.count) }
    return zip(times, lines).map { Text.padded($0, to: width, left: true) + "  " + $1.1 } + [""]
  }
}

/// Tells in words when a path changes.
private struct PathWatch {
  private struct Pair: Hashable {
    let one: PeerID
    let other: PeerID
  }

  private(set) var hasRelay = false
  /// Connections whose SYNs have crossed and that came to be.
  private var simultaneous: Set<Int> = []
  /// Where messages of the one to the other went last.
  private var ways: [Pair: String] = [:]

  mutating func receive(_ item: Item) -> [String] {
    let (sender, receiver) = (item.sendingParty, item.receivingParty)
    switch item.what {
    case .relay(let fact):
      hasRelay = true
      return words(fact, of: item).map { [$0] } ?? []
    case .tcp(.simultaneouslyOpened):
      simultaneous.insert(item.connection)
    case .noise(.handshake(.final, _, .some)):
      let isCrossed = item.circuit.isEmpty && simultaneous.contains(item.connection)
      return [
        "\(sender) and \(receiver) are connected, \(item.way)" + (isCrossed ? ", by simultaneous open" : "")
      ]
    case .punch(let fact) where !item.circuit.isEmpty: return ["\(sender), to \(receiver): \(fact.text)"]
    case .gossip(.published):
      guard let one = item.sendingPeer, let other = item.receivingPeer else { break }
      let last = ways.updateValue(item.way, forKey: Pair(one: one, other: other))
      if let last, last != item.way { return ["messages of \(sender) to \(receiver) now go \(item.way)"] }
    case .tcp, .udp, .multistream, .noise, .yamux, .identify, .ping, .gossip, .chat, .perf, .punch, .autoNAT,
      .opaque,
      .note:
      break
    }
    return []
  }

  private func words(_ fact: RelayFact, of item: Item) -> String? {
    switch fact {
    case .reservationAsked, .circuitAsked, .circuitOffered: nil
    case .reservationGranted, .reservationRefused, .circuitOpened, .circuitRefused:
      "relay \(item.sendingParty), to \(item.receivingParty): \(fact.text)"
    case .circuitAccepted, .circuitDeclined, .circuitEnded:
      "\(item.sendingParty), to \(item.receivingParty): \(fact.text)"
    }
  }
}

extension Item {
  /// `directly`, or `relayed via` the relays in the order in which a byte passes them.
  var way: String {
    if circuit.isEmpty { return "directly" }
    return "relayed via "
      + circuit.map { $0.relay.map { Text.short($0) } ?? $0.relayEndpoint.description }.joined(
        separator: " and ")
  }

  fileprivate var sendingParty: String { sendingPeer.map { Text.short($0) } ?? sender.description }
  fileprivate var receivingParty: String { receivingPeer.map { Text.short($0) } ?? receiver.description }
}
