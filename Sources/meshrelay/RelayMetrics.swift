import Meshwork

/// What a relay tells Prometheus (text exposition format 0.0.4).
struct RelayMetrics {
  private var lines: [String] = []

  init(_ node: MeshNode) async {
    guard let relaying = await node.relaying() else { return }
    let connections = await node.connections()
    let info = await node.info()
    gauge("reservations", "Peers that can be reached through this relay.", relaying.reservations)
    gauge("circuits", "Circuits that are open.", relaying.circuits)
    gauge("held_bytes", "Bytes of circuits that wait for a reader.", relaying.heldBytes)
    gauge("draining", "1 while the relay is leaving.", relaying.isDraining ? 1 : 0)
    gauge("connections", "Connections with peers.", connections.count)
    gauge("uptime_seconds", "Since the start.", Int(info.uptime.components.seconds))
    for count in relaying.counts { counter(count.name, count.value) }
  }

  var text: String { lines.joined(separator: "\n") + "\n" }

  private mutating func gauge(_ name: String, _ help: String, _ value: Int) {
    lines += [
      "# HELP meshrelay_\(name) \(help)", "# TYPE meshrelay_\(name) gauge", "meshrelay_\(name) \(value)",
    ]
  }

  private mutating func counter(_ name: String, _ value: UInt64) {
    let name = "meshrelay_\(Self.snake(name))_total"
    lines += ["# TYPE \(name) counter", "\(name) \(value)"]
  }

  /// `reservationsGranted` as `reservations_granted`.
  static func snake(_ name: String) -> String {
    name.reduce(into: "") { text, letter in
      if letter.isUppercase { text += "_" }
      text += letter.lowercased()
    }
  }
}
