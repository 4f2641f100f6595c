import CircuitRelay
import Identity
import Node
import NodeKit
import SansIO
import Wire

/// How often a reservation, and a circuit up to the first answer over it, wait for the other side, counted in
/// virtual time.
enum RelayRoundTrips {
  /// There and back over one link of the virtual network.
  private static let linkRoundTrip = Duration.milliseconds(20)

  static func figures(_ effort: Effort) throws -> [Figure] {
    let network = NodeNetwork()
    let relay = network.add { $0.relayService = ServiceConfiguration() }
    func client() -> NodeNetwork.Host {
      let host = network.add {
        $0.relays = [relay.fullAddress]
        $0.relayClient = ClientConfiguration()
      }
      host.isListening = false
      return host
    }
    let (alice, bob) = (client(), client())
    let isConnected = network.run(within: .seconds(5)) { !alice.opened.isEmpty }
    let connectedAt = network.now
    let isReserved = network.run(within: .seconds(5)) { alice.node.heldRelays == [relay.peerID] }
    guard isConnected, isReserved else { throw BenchError("no reservation in virtual time") }
    let reservation = trips(since: connectedAt, until: network.now)

    network.run(for: .seconds(5))
    let start = network.now
    let circuit = try relay.fullAddress.appending(.p2pCircuit).appending(bob.peerID)
    let request = network.on(alice) { $0.connect(to: circuit, at: $1) }
    guard network.run(within: .seconds(5), until: { alice.answers[request] != nil }) else {
      throw BenchError("no circuit in virtual time")
    }
    let connection = trips(since: start, until: network.now)
    let ping = network.on(alice) { $0.ping(bob.peerID, count: 1, at: $1) }
    guard network.run(within: .seconds(5), until: { alice.answers[ping] != nil }) else {
      throw BenchError("no ping over a circuit in virtual time")
    }
    return [
      Figure(
        name: "reservation over a connection", measured: reservation, unit: "round trips to the relay",
        goal: .atMost(2), counted: "relay-reservation-round-trips"),
      Figure(
        name: "circuit to an authenticated connection", measured: connection,
        unit: "round trips to the relay", counted: "relay-circuit-round-trips"),
      Figure(
        name: "the same, and the first byte answered", measured: trips(since: start, until: network.now),
        unit: "round trips to the relay", counted: "relay-first-byte-round-trips"),
    ]
  }

  private static func trips(since start: Instant, until end: Instant) -> Double {
    (end - start).milliseconds / linkRoundTrip.milliseconds
  }
}
