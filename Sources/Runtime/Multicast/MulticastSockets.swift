package import LocalDiscovery
package import NIOCore
import NIOPosix
import SansIO

/// Who uses the sockets: receives, on the event loop, what the links have for it. Commands from within a call
/// are allowed.
package protocol MulticastSocketsClient: AnyObject {
  /// The interfaces there are now, each time they have changed, and once at the start.
  func interfacesChanged(_ interfaces: [Interface])
  func received(_ packet: ByteBuffer, from sender: Endpoint, on link: Link)
  /// Something does not work, the rest goes on.
  func warned(_ text: String, detail: String)
}

/// A socket for every link of the machine, as interfaces come and go.
///
/// Every method is called on the loop. A socket that cannot be opened (no such family, no permission, the
/// port taken by somebody who does not share it) is a warning, once, and is tried again whenever the
/// interfaces are looked at; the others work.
package final class MulticastSockets {
  package struct Configuration: Sendable {
    package var interfaces = NetworkInterfaces.Choice.network
    /// Between looks at the interfaces. The kernel tells of changes at once; this is for what it did not
    /// tell, and for sockets that broke.
    package var scanInterval = Duration.seconds(10)
    /// From the first word of the kernel to the look: several changes come together.
    package var settleDelay = Duration.milliseconds(50)
    /// As many sockets; the machine speaks on no more.
    package var linksMax = 64

    package init() {}
  }

  private let loop: any EventLoop
  private let configuration: Configuration
  private weak var client: (any MulticastSocketsClient)?
  private var interfaces: [Interface]?
  private var sockets: [Link: MulticastSocket] = [:]
  private var failures: [Link: MulticastSocket.Failure] = [:]
  private let watch = InterfaceWatch()
  private var nextScan: Scheduled<Void>?
  private var isSettling = false
  private var isClosed = false
  private var closing: EventLoopPromise<Void>?
  package private(set) var sendsFailed: UInt64 = 0

  package init(
    loop: any EventLoop, configuration: Configuration = .init(), client: any MulticastSocketsClient
  ) {
    self.loop = loop
    self.configuration = configuration
    self.client = client
  }

  // MARK: Commands

  /// Opens what there is. The client hears of the interfaces before this returns.
  package func start() {
    loop.preconditionInEventLoop()
    watch.start(on: loop) { [weak self] in self?.interfacesMayHaveChanged() }
    scan()
  }

  /// Sends now or not at all. An interface that has just come up has no address to send from for a second
  /// (RFC 4862, section 5.4), so a failure is counted and not a warning; everything said is said again.
  package func send(_ packet: ByteBuffer, on link: Link, to destination: Machine.Destination) {
    if sockets[link]?.send(packet, to: destination) != nil { sendsFailed += 1 }
  }

  /// Kept when every socket is closed. Whatever was sent has left already.
  package func close() -> EventLoopFuture<Void> {
    loop.preconditionInEventLoop()
    if let closing { return closing.futureResult }
    let promise = loop.makePromise(of: Void.self)
    (closing, isClosed) = (promise, true)
    nextScan?.cancel()
    watch.close()
    for socket in sockets.values { socket.close() }
    finishIfClosed()
    // Whoever asked need not hold us until then.
    promise.futureResult.assumeIsolated().whenComplete { _ in withExtendedLifetime(self) {} }
    return promise.futureResult
  }

  /// The links there is a socket for.
  package var links: Set<Link> { Set(sockets.keys) }

  // MARK: Interfaces

  private func interfacesMayHaveChanged() {
    guard !isClosed, !isSettling else { return }
    isSettling = true
    nextScan?.cancel()
    nextScan = loop.assumeIsolated().scheduleTask(in: TimeAmount(configuration.settleDelay)) { [weak self] in
      self?.isSettling = false
      self?.scan()
    }
  }

  private func scan() {
    guard !isClosed else { return }
    nextScan = loop.assumeIsolated().scheduleTask(in: TimeAmount(configuration.scanInterval)) { [weak self] in
      self?.scan()
    }
    let present = NetworkInterfaces.scan(configuration.interfaces)
    let links = Set(present.flatMap(\.links).prefix(configuration.linksMax))
    for (link, socket) in sockets where !links.contains(link) { socket.close() }
    failures = failures.filter { links.contains($0.key) }
    for interface in present {
      for link in interface.links where links.contains(link) && sockets[link] == nil {
        open(link, of: interface)
      }
    }
    guard present != interfaces else { return }
    interfaces = present
    client?.interfacesChanged(present)
  }

  private func open(_ link: Link, of interface: Interface) {
    do throws(MulticastSocket.Failure) {
      let socket = try MulticastSocket(link, of: interface)
      sockets[link] = socket
      failures[link] = nil
      socket.start(on: loop) { [weak self] packet, sender in
        self?.client?.received(packet, from: sender, on: link)
      } closed: { [weak self] in
        self?.closed(socket)
      }
    } catch {
      warn(error, on: link, of: interface)
    }
  }

  private func closed(_ socket: MulticastSocket) {
    if sockets[socket.link] === socket { sockets[socket.link] = nil }
    finishIfClosed()
  }

  private func finishIfClosed() {
    guard isClosed, sockets.isEmpty else { return }
    closing?.succeed()
  }

  private func warn(_ failure: MulticastSocket.Failure, on link: Link, of interface: Interface) {
    if failures[link] == failure { return }
    failures[link] = failure
    let family = link.family == .ip6 ? "IPv6" : "IPv4"
    client?.warned(
      "local discovery does not work on \(interface.name) over \(family)",
      detail: "\(failure.step): \(SocketFailure.reason(errno: failure.code))")
  }
}
