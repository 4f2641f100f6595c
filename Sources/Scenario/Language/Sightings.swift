// What captures show of relays and hole punches.

extension Host {
  /// Its capture, decrypted, has a secured channel with the other: a connection of its own, or one in a
  /// circuit.
  public func capturesChannel(_ path: Path? = nil, with peer: Host) -> Evidence {
    Evidence(.sighting(sighting: Sighting(at: name, what: .secured(peer: peer.name, path: path))))
  }

  /// Its capture, decrypted, has a secured channel with the other inside a circuit of that relay.
  public func capturesChannel(with peer: Host, via relay: Host) -> Evidence {
    Evidence(
      .sighting(
        sighting: Sighting(at: name, what: .secured(peer: peer.name, path: .relayed, relay: relay.name))))
  }

  /// Its capture has a relay granting it a reservation; in at most so many round trips on the stream.
  public func capturesReservation(at relay: Host? = nil, roundTrips most: Int? = nil) -> Evidence {
    Evidence(
      .sighting(
        sighting: Sighting(at: name, what: .reserved(relay: relay?.name, roundTripsMost: most))))
  }

  /// Its capture has a circuit that opens, with the other, through that relay.
  public func capturesCircuit(with peer: Host? = nil, via relay: Host? = nil) -> Evidence {
    Evidence(
      .sighting(sighting: Sighting(at: name, what: .circuit(peer: peer?.name, relay: relay?.name))))
  }

  /// Its capture has a hole punched: both agreed on it in a circuit, and then there was a direct channel.
  public func capturesPunch(to peer: Host, _ opening: TCPOpening? = nil) -> Evidence {
    Evidence(.sighting(sighting: Sighting(at: name, what: .punched(peer: peer.name, opening: opening))))
  }
}
