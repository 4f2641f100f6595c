import CircuitRelay
import Identify
import Identity
import Wire

extension RelayFact: Fact {
  var kind: String {
    switch self {
    case .reservationAsked: "reservationAsked"
    case .reservationGranted: "reservationGranted"
    case .reservationRefused: "reservationRefused"
    case .circuitAsked: "circuitAsked"
    case .circuitOffered: "circuitOffered"
    case .circuitOpened: "circuitOpened"
    case .circuitAccepted: "circuitAccepted"
    case .circuitRefused: "circuitRefused"
    case .circuitDeclined: "circuitDeclined"
    case .circuitEnded: "circuitEnded"
    }
  }

  var text: String {
    switch self {
    case .reservationAsked: "asks for a reservation"
    case .reservationGranted(let reservation, let turnaround):
      "grants the reservation\(reservation.words), \(turnaround.words)"
    case .reservationRefused(let status, let turnaround):
      "refuses the reservation: \(status), \(turnaround.words)"
    case .circuitAsked(let peer): "asks for a circuit to \(Text.short(peer))"
    case .circuitOffered(let peer, let limit): "offers a circuit from \(Text.short(peer))\(limit.words)"
    case .circuitOpened(let peer, let limit, let turnaround):
      "opens the circuit to \(Text.short(peer))\(limit.words), \(turnaround.words)"
    case .circuitAccepted(let peer, _, let turnaround):
      "accepts the circuit from \(Text.short(peer)), \(turnaround.words)"
    case .circuitRefused(let peer, let status, let turnaround):
      "refuses the circuit to \(Text.short(peer)): \(status), \(turnaround.words)"
    case .circuitDeclined(let peer, let status, let turnaround):
      "declines the circuit from \(Text.short(peer)): \(status), \(turnaround.words)"
    case .circuitEnded(let circuit):
      (circuit.wasReset ? "resets the circuit" : "ends the circuit")
        + " after \(circuit.sentBytes) bytes there and \(circuit.receivedBytes) back\(circuit.limit.words)"
    }
  }

  func describe(in line: inout JSONLine) {
    switch self {
    case .reservationAsked: break
    case .reservationGranted(let reservation, let turnaround):
      reservation.describe(in: &line)
      turnaround.describe(in: &line)
    case .reservationRefused(let status, let turnaround):
      status.describe(in: &line)
      turnaround.describe(in: &line)
    case .circuitAsked(let peer): line.add("peer", peer.description)
    case .circuitOffered(let peer, let limit):
      line.add("peer", peer.description)
      limit.describe(in: &line)
    case .circuitOpened(let peer, let limit, let turnaround),
      .circuitAccepted(let peer, let limit, let turnaround):
      line.add("peer", peer.description)
      limit.describe(in: &line)
      turnaround.describe(in: &line)
    case .circuitRefused(let peer, let status, let turnaround),
      .circuitDeclined(let peer, let status, let turnaround):
      line.add("peer", peer.description)
      status.describe(in: &line)
      turnaround.describe(in: &line)
    case .circuitEnded(let circuit):
      line.add("initiator", circuit.initiator?.description)
      line.add("target", circuit.target?.description)
      line.add("sentBytes", circuit.sentBytes)
      line.add("receivedBytes", circuit.receivedBytes)
      circuit.limit.describe(in: &line)
      line.add("reset", circuit.wasReset)
    }
  }
}

extension Turnaround {
  fileprivate var words: String {
    "after \(roundTrips) round trip\(roundTrips == 1 ? "" : "s") and \(Text.milliseconds(nanoseconds)) ms"
  }

  fileprivate func describe(in line: inout JSONLine) {
    line.add("roundTrips", roundTrips)
    line.add("afterMs", milliseconds: UInt64(clamping: nanoseconds))
  }
}

extension Status {
  fileprivate func describe(in line: inout JSONLine) {
    line.add("status", code)
    line.add("reason", description)
  }
}

extension Limit {
  /// Nothing where there is none.
  fileprivate var words: String {
    let parts = [bytes.map { "\($0) bytes" }, duration.map { "\($0.components.seconds) s" }].compactMap(
      \.self)
    return parts.isEmpty ? "" : ", of at most " + parts.joined(separator: " and ")
  }

  fileprivate func describe(in line: inout JSONLine) {
    if let bytes { line.add("limitBytes", bytes) }
    if let duration { line.add("limitSeconds", duration.components.seconds) }
  }
}

extension GrantedReservation {
  fileprivate var words: String {
    let end = lifetimeSeconds.map { " for \($0) s" } ?? ""
    let places = addresses.isEmpty ? "" : " at [\(addresses.map(\.description).joined(separator: " "))]"
    let circuits = limit.isUnlimited ? "" : "; circuits\(limit.words.dropFirst())"
    switch voucher {
    case .absent: return end + places + ", no voucher" + circuits
    case .valid: return end + places + ", with voucher" + circuits
    case .unverifiable: return end + places + ", voucher unverifiable" + circuits
    case .invalid(let flaw):
      return end + places + ", INVALID voucher (\(Printable.text(flaw, bytesMax: 128)))" + circuits
    }
  }

  fileprivate func describe(in line: inout JSONLine) {
    if let expiration { line.add("expires", expiration) }
    line.add("addrs", addresses.map(\.description))
    switch voucher {
    case .absent: line.add("voucher", "absent")
    case .valid: line.add("voucher", "valid")
    case .unverifiable: line.add("voucher", "unverifiable")
    case .invalid(let flaw): line.add("voucher", flaw)
    }
    limit.describe(in: &line)
  }
}
