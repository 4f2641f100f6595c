import Node
import SansIO

/// Hosts that cannot reach each other for a while. As with TCP, nobody is told: what is under way waits and
/// goes on once the way is free, if both ends still want it.
extension NodeNetwork {
  /// From now on nothing of these hosts reaches those, nor the other way.
  package func partition(_ one: [Host], from other: [Host]) {
    for left in one { for right in other { cuts.insert([left.index, right.index].sorted()) } }
  }

  package func heal() {
    cuts = []
    for host in hosts {
      for id in host.sockets.keys.sorted() { if let socket = host.sockets[id] { release(socket) } }
    }
  }

  func areCut(_ one: Host, _ other: Host) -> Bool { cuts.contains([one.index, other.index].sorted()) }

  /// Lets something come to a socket after the network's latency, in order.
  func arrive(at socket: Socket?, from host: Host, _ run: @escaping (Socket) -> Void) {
    guard let socket else { return }
    after(latency) { [self] in
      if areCut(host, socket.host) || !socket.heldUp.isEmpty {
        socket.heldUp.append { run(socket) }
      } else {
        run(socket)
      }
    }
  }

  private func release(_ socket: Socket) {
    after(latency) {
      let waiting = socket.heldUp
      socket.heldUp = []
      for run in waiting { run() }
    }
  }
}

extension NodeNetwork {
  /// A host has moved to another network: it knows that its connections are gone, and nobody else does.
  package func uproot(_ host: Host) {
    for id in host.sockets.keys.sorted() {
      host.sockets.removeValue(forKey: id)
      host.node.transportClosed(id, reason: "the network has changed", at: now)
    }
    carryOut(host)
  }
}
