import Glibc
import Lab
import NetworkModel
import SansIO

/// A vantage made of this host's own sockets and clock.
struct SocketVantage: Vantage {
  private var sockets: [Endpoint: Socket] = [:]
  /// In the order of opening, which is the order of looking.
  private var locals: [Endpoint] = []

  init() {}

  var now: Instant { MonotonicClock.now }

  mutating func open(_ local: Endpoint) throws(SystemError) {
    sockets[local] = try Socket(.udp, at: local)
    locals.append(local)
  }

  mutating func close(_ local: Endpoint) {
    sockets[local] = nil
    locals.removeAll { $0 == local }
  }

  mutating func send(_ bytes: [UInt8], from local: Endpoint, to remote: Endpoint) {
    sockets[local]?.send(bytes, to: remote)
  }

  mutating func receive(until deadline: Instant) throws(SystemError) -> Arrival? {
    while true {
      let open = locals.compactMap { local in sockets[local].map { (local, $0) } }
      let ready = poll(open.map { ($0.1.number, CInt(POLLIN)) }, until: deadline)
      for ((local, socket), events) in zip(open, ready) where events != 0 {
        guard let (bytes, remote) = socket.receiveDatagram() else { continue }
        return Arrival(local: local, remote: remote, bytes: bytes)
      }
      if now >= deadline { return nil }
    }
  }
}
