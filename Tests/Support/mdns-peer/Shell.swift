import Glibc
import Identity
import LocalDiscovery
import NIOCore
import Runtime
import SansIO
import Wire

/// Drives the machine with real sockets and a real clock: as a node does it, without the node.
final class Shell: MulticastSocketsClient {
  private let loop: any EventLoop
  private let peer: PeerID
  private let started = Instant.now
  private var machine: Machine
  private var sockets: MulticastSockets?
  private let configuration: MulticastSockets.Configuration
  private var timer: Scheduled<Void>?

  init(
    peer: PeerID, announcing addresses: [Multiaddr], seed: UInt64,
    sockets configuration: MulticastSockets.Configuration, loop: any EventLoop
  ) {
    self.loop = loop
    self.peer = peer
    self.configuration = configuration
    machine = Machine(peer: peer, generator: SeededGenerator(seed: seed), now: .now)
    machine.announce(addresses, at: .now)
  }

  func start() {
    Output.line(#"{"event": "ready", "peerId": "\#(peer)"}"#)
    let sockets = MulticastSockets(loop: loop, configuration: configuration, client: self)
    self.sockets = sockets
    sockets.start()
  }

  func stop() -> EventLoopFuture<Void> {
    turn { $0.leave(at: .now) }
    timer?.cancel()
    return sockets?.close() ?? loop.makeSucceededVoidFuture()
  }

  // MARK: MulticastSocketsClient

  func interfacesChanged(_ interfaces: [Interface]) {
    let names = interfaces.map { #""\#($0.name)""# }.joined(separator: ", ")
    Output.line(#"{"event": "interfaces", "names": [\#(names)]}"#)
    turn { $0.interfaces(interfaces, at: .now) }
  }

  func received(_ packet: ByteBuffer, from sender: Endpoint, on link: Link) {
    turn { $0.receive(packet, from: sender, on: link, at: .now) }
  }

  func warned(_ text: String, detail: String) {
    Output.line(#"{"event": "warning", "text": "\#(text)", "detail": "\#(detail)"}"#)
  }

  // MARK: Turns

  private func turn(_ input: (inout Machine) -> Void) {
    input(&machine)
    while let event = machine.nextEvent() { run(event) }
    timer?.cancel()
    guard let deadline = machine.deadline else { return }
    let wait = TimeAmount.nanoseconds(max(0, (deadline - .now).clampedNanoseconds))
    timer = loop.assumeIsolated().scheduleTask(in: wait) { [weak self] in
      self?.turn { $0.advance(to: .now) }
    }
  }

  private func run(_ event: Machine.Event) {
    let ms = Int((Instant.now - started).milliseconds)
    switch event {
    case .send(let packet, let link, let destination): sockets?.send(packet, on: link, to: destination)
    case .discovered(let peer, let addresses):
      let texts = addresses.map { #""\#($0)""# }.joined(separator: ", ")
      Output.line(#"{"event": "discovered", "peer": "\#(peer)", "addrs": [\#(texts)], "ms": \#(ms)}"#)
    case .expired(let peer): Output.line(#"{"event": "expired", "peer": "\#(peer)", "ms": \#(ms)}"#)
    }
  }
}

/// Standard output, a line at once.
enum Output {
  static func line(_ text: String) {
    let bytes = Array((text + "\n").utf8)
    _ = bytes.withUnsafeBytes { write(STDOUT_FILENO, $0.baseAddress, $0.count) }
  }
}
