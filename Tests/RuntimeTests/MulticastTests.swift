import LocalDiscovery
import NIOCore
import NIOPosix
import Testing
import Wire

@testable import Runtime

/// The sockets on loopback. What needs interfaces that come and go is tested in network namespaces, by the
/// interop suite.
@Suite("Multicast") struct MulticastTests {
  /// Waits for one datagram, whatever else is said on loopback meanwhile.
  final class Ear: MulticastSocketsClient {
    let expected: ByteBuffer
    let heard: EventLoopPromise<Endpoint>
    private(set) var interfaces: [[Interface]] = []
    private(set) var warnings: [String] = []

    init(expecting expected: ByteBuffer, heard: EventLoopPromise<Endpoint>) {
      self.expected = expected
      self.heard = heard
    }

    func interfacesChanged(_ interfaces: [Interface]) { self.interfaces.append(interfaces) }
    func received(_ packet: ByteBuffer, from sender: Endpoint, on link: Link) {
      if packet == expected { heard.succeed(sender) }
    }
    func warned(_ text: String, detail: String) { warnings.append("\(text): \(detail)") }
  }

  static func sockets(for ear: Ear) -> MulticastSockets {
    var configuration = MulticastSockets.Configuration()
    configuration.interfaces = .loopback
    return MulticastSockets(loop: testLoop, configuration: configuration, client: ear)
  }

  @Test func everyoneOnTheMachineHearsTheGroup() async throws {
    let packet = ByteBuffer(string: "a datagram of this test alone: \(UInt64.random(in: 0 ... .max))")
    let senders = try await within {
      try await testLoop.flatSubmit { () -> EventLoopFuture<[Endpoint]> in
        let ears = (0..<3).map { _ in Ear(expecting: packet, heard: testLoop.makePromise()) }
        let sockets = ears.map(Self.sockets)
        for socket in sockets { socket.start() }
        for ear in ears {
          #expect(ear.interfaces.count == 1)
          #expect(ear.warnings.isEmpty)
        }
        guard let link = sockets[0].links.first(where: { $0.family == .ip4 }) else {
          return testLoop.makeFailedFuture(ChannelError.ioOnClosedChannel)
        }
        sockets[0].send(packet, on: link, to: .group)
        #expect(sockets[0].sendsFailed == 0)
        return EventLoopFuture.whenAllSucceed(ears.map(\.heard.futureResult), on: testLoop)
          .assumeIsolated().flatMap { senders in
            // Sockets hold their client weakly.
            withExtendedLifetime(ears) {
              EventLoopFuture.andAllSucceed(sockets.map { $0.close() }, on: testLoop).map { senders }
            }
          }.nonisolated()
      }.get()
    }
    let loopback = Endpoint(.v4(.loopback), port: 5353)
    #expect(senders == [loopback, loopback, loopback])
  }

  @Test func closingIsTheEndOfEverySocket() async throws {
    let left = try await within {
      try await testLoop.flatSubmit { () -> EventLoopFuture<Int> in
        let ear = Ear(expecting: ByteBuffer(), heard: testLoop.makePromise())
        ear.heard.fail(CancellationError())
        let sockets = Self.sockets(for: ear)
        sockets.start()
        let held = NIOLoopBound(sockets, eventLoop: testLoop)
        let closed = sockets.close()
        // Not heard any more, and no harm done.
        sockets.send(ByteBuffer(), on: Link(interface: InterfaceID(rawValue: 1), family: .ip4), to: .group)
        return closed.flatMap { held.value.close() }.map { held.value.links.count }
      }.get()
    }
    #expect(left == 0)
  }

  @Test func loopbackIsOnlyForTheLonely() {
    let loopback = NetworkInterfaces.scan(.loopback)
    #expect(loopback.contains { $0.addresses.contains(InterfaceAddress(.v4(.loopback), prefixBits: 8)) })
    let network = NetworkInterfaces.scan()
    #expect(network == loopback || network.allSatisfy { $0.addresses.allSatisfy { !$0.ip.isLoopback } })
  }

  @Test func aLinkThatIsNotThereSaysSo() {
    let nowhere = Interface(id: InterfaceID(rawValue: 999_999), name: "nowhere", addresses: [])
    for family in Link.Family.allCases {
      #expect(throws: MulticastSocket.Failure.self) {
        try MulticastSocket(Link(interface: nowhere.id, family: family), of: nowhere)
      }
    }
  }
}
