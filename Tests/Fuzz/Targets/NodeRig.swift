import AutoNAT
import CircuitRelay
import Connection
import DCUtR
import Identity
import NIOCore
@testable import Node
import SansIO
import Wire
import Yamux

/// A node, one connection of it to a hostile peer that it has for a relay and is a relay for, and an
/// application. Every request is answered once, no table grows past its limit, and when all is over nothing
/// is left.
final class NodeRig {
  private var input: FuzzInput
  private var node: Node
  private var peer: HostilePeer?
  private var now = Instant.zero

  private var connection: ConnectionID?
  /// The node asked for the connection to be closed.
  private var isClosing = false
  private var flushes: [ConnectionID] = []
  private var pending: Set<RequestID> = []
  private var streams: [StreamHandle: Known] = [:]
  private var dials: [DialID] = []
  /// Connections that nobody answers on, and those of them that are to be closed.
  private var mute: Set<ConnectionID> = []
  private var closing: [ConnectionID] = []
  private var resolutions: [ResolutionID] = []

  private struct Known {
    var unreadBytes = 0
    var isRemoteFinished = false
  }

  private static let here = address("/ip4/45.1.0.1/tcp/4001")
  private static let there = address("/ip4/80.2.0.1/tcp/4002")

  private static func address(_ text: String) -> Multiaddr {
    certain("\(text) is an address") { () throws(WireError) in try Multiaddr(text) }
  }

  init(_ input: FuzzInput, _ direction: Direction) {
    self.input = input
    let upgrade = HostilePeer.Upgrade(rawValue: self.input.byte() % 2) ?? .early
    node = Node(
      identity: direction == .inbound ? FuzzTarget.bob : FuzzTarget.alice,
      configuration: Self.configuration(relay: direction == .inbound ? FuzzTarget.alice : FuzzTarget.bob),
      entropy: [UInt8](repeating: 5, count: 32), wallClockMs: 1, now: .zero)
    node.handle("/a/1")
    node.listening(on: Self.here, at: now)
    settle()
    switch direction {
    case .inbound: connection = node.accepted(local: Self.here, remote: Self.there, at: now)
    case .outbound:
      pending.insert(node.connect(to: Self.there, at: now))
      settle()
      connection = dials.popLast().flatMap { node.dialed($0, local: Self.here, remote: Self.there, at: now) }
    }
    expect(connection != nil, "a node takes its first connection")
    settle()
    peer = HostilePeer.upgrade(
      direction == .inbound ? .initiator : .responder, upgrade, say: { receive($0) }, hear: { takeOutbound() }
    )
    expect(!node.peers.isEmpty || upgrade == .multistream, "an honest upgrade succeeds")
  }

  private static func configuration(relay: KeyPair) -> Node.Configuration {
    var configuration = Node.Configuration()
    configuration.relayClient = CircuitRelay.ClientConfiguration()
    configuration.relays = [address("\(there)/p2p/\(relay.peerID)")]
    configuration.relayService = CircuitRelay.ServiceConfiguration()
    configuration.upgrade = DCUtR.Configuration()
    configuration.reachability = AutoNAT.ClientConfiguration()
    configuration.servesReachability = true
    configuration.servesPerf = true
    configuration.limits.streamsPerConnectionMax = 10
    configuration.limits.requestsMax = 12
    configuration.limits.bufferedBytesMax = 20_000
    configuration.connection.inboundNegotiationsMax = 4
    configuration.connection.yamux.streamsMax = 16
    configuration.connection.yamux.inboundStreamsMax = 12
    configuration.connection.yamux.sendBufferBytes = 2000
    configuration.connection.yamux.sendBufferTotalBytes = 30_000
    return configuration
  }

  func run() {
    while !input.isEmpty {
      move()
      settle()
      check()
    }
    finish()
  }

  // MARK: Moves

  private func move() {
    switch input.byte() & 31 {
    case 0...9:
      guard let bytes = peer?.say(&input), connection != nil, !isClosing else { return }
      receive(bytes)
    case 10: pending.insert(node.ping(someone(), count: Int(input.byte() & 3), at: now))
    case 11:
      let (upload, download) = (UInt64(input.number()), UInt64(input.number()))
      pending.insert(node.perf(someone(), upload: upload, download: download, at: now))
    case 12: pending.insert(node.identify(someone(), at: now))
    case 13:
      let names: [ProtocolName] = input.byte() & 1 == 0 ? ["/a/1"] : ["/b/1", "/a/1"]
      pending.insert(node.openStream(to: someone(), protocols: names, at: now))
    case 14: write()
    case 15: node.finish(anyStream(), at: now)
    case 16: reset()
    case 17: consume()
    case 18: advance(.milliseconds(Int64(input.short())))
    case 19, 20: drain()
    case 21: if input.byte() & 7 == 0 { pending.insert(node.disconnect(someone(), at: now)) }
    case 22: if input.byte() & 7 == 0 { loseTransport() }
    case 23: if input.byte() & 7 == 0, let connection { node.inputClosed(connection, at: now) }
    case 24: connect()
    case 25: answerDial()
    case 26: answerResolution()
    case 27: node.handle(HostilePeer.protocols[Int(input.byte() & 1) * 6])
    case 28: if input.byte() == 7 { node.shutdown(at: now) }
    case 29: node.listening(on: .tcp(.v4(.loopback), port: UInt16(input.byte())), at: now)
    case 30: if input.byte() & 7 == 0 { node.networkChanged(addresses: networkAddresses, at: now) }
    default:
      guard let deadline = node.deadline else { return }
      advance(max(deadline - now, .zero))
    }
  }

  private func receive(_ bytes: ByteBuffer) {
    guard let connection else { return }
    node.receive(bytes, on: connection, at: now)
    settle()
  }

  private func someone() -> PeerID {
    switch input.byte() & 15 {
    case 0: node.identity.peerID
    case 1: FuzzTarget.carol.peerID
    default: peer?.role == .initiator ? FuzzTarget.alice.peerID : FuzzTarget.bob.peerID
    }
  }

  private func anyStream() -> StreamHandle {
    let handles = streams.keys.sorted { $0.stream < $1.stream }
    let choice = Int(input.byte())
    return handles.isEmpty || choice > 250
      ? StreamHandle(connection: connection ?? ConnectionID(rawValue: 1), stream: UInt32(choice & 15))
      : handles[choice % handles.count]
  }

  private func write() {
    let (handle, count) = (anyStream(), Int(input.byte()) * 16)
    _ = attempt { () throws(NodeError) in
      try node.write(ByteBuffer(repeating: 7, count: count), to: handle, at: now)
    }
  }

  private func reset() {
    let handle = anyStream()
    node.reset(handle, code: UInt32(input.byte()), at: now)
    // Who resets a stream is told nothing more of it.
    streams[handle] = nil
  }

  private func consume() {
    let handle = anyStream()
    guard let unread = streams[handle]?.unreadBytes, unread > 0 else { return }
    let count = 1 + Int(input.number()) % unread
    streams[handle]?.unreadBytes -= count
    node.consumed(count, on: handle, at: now)
  }

  private func connect() {
    let places = [
      "/ip4/203.0.113.9/tcp/1", "/dns4/a.example/tcp/2", "/dnsaddr/b.example", "/ip4/203.0.113.9/udp/1",
    ]
    let address = Self.address(places[Int(input.byte() & 3)] + "/p2p/\(someone())")
    pending.insert(node.connect(to: address, at: now))
  }

  private func answerDial() {
    guard let dial = dials.popLast() else { return }
    let problems: [DialProblem] = [.refused, .timedOut, .other]
    let choice = Int(input.byte() & 3)
    guard choice == 3 else {
      return node.dialFailed(dial, reason: "refused", problem: problems[choice], at: now)
    }
    if let id = node.dialed(dial, local: Self.here, remote: Self.there, at: now) { mute.insert(id) }
  }

  private var networkAddresses: Set<IPAddress> { Set([Self.here.host?.ip].compactMap { $0 }) }

  private func answerResolution() {
    guard let question = resolutions.popLast() else { return }
    let choice = input.byte()
    let answer: ResolutionAnswer =
      switch choice & 3 {
      case 0: .failed("no such name")
      case 1: .addresses([.tcp(.v4(IPv4Address(rawValue: UInt32(choice) << 24 | 1)), port: 0)])
      case 2: .texts(["dnsaddr=/dnsaddr/c.example", "dnsaddr=/ip4/203.0.113.\(choice)/tcp/3", "nothing"])
      default: .texts([])
      }
    node.resolved(question, answer, at: now)
  }

  private func advance(_ duration: Duration) {
    now += duration
    node.advance(to: now)
  }

  private func drain() { _ = takeOutbound() }

  private func takeOutbound() -> ByteBuffer {
    var wire = ByteBuffer()
    guard let connection else { return wire }
    for _ in 0..<10_000 {
      guard node.drainOutbound(connection, into: &wire, maxBytes: 1 << 16, at: now) else { return wire }
      settle()
      let whole = wire
      wire = ByteBuffer()
      // Only the handshake is of interest to the peer; a download may be long.
      if peer == nil { return whole }
    }
    return wire
  }

  private func loseTransport() {
    guard let id = connection else { return }
    connection = nil
    node.transportClosed(id, reason: "reset", at: now)
  }

  // MARK: Outputs

  private func settle() {
    repeat {
      while let output = node.nextOutput() { carryOut(output) }
      for id in closing where mute.remove(id) != nil { node.transportClosed(id, reason: "closed", at: now) }
      closing = []
    } while !node.outputs.isEmpty
  }

  private func carryOut(_ output: Node.Output) {
    switch output {
    case .dial(let id, _, _): dials.append(id)
    case .cancelDial(let id): dials.removeAll { $0 == id }
    case .resolve(let id, _): resolutions.append(id)
    case .flush: break
    case .close(let id):
      isClosing = isClosing || id == connection
      closing.append(id)
    case .answer(let request, let answer): note(answer, to: request)
    case .event, .keyLog, .stopped, .multicast: break
    case .save: expect(false, "a node that is no messenger keeps nothing")
    case .streamOpened(let handle, _, let name):
      expect(name == "/a/1" || name == "/b/1", "\(name) is the application's")
      expect(streams.updateValue(Known(), forKey: handle) == nil, "\(handle) is new")
    case .streamData(let handle, let bytes):
      expect(streams[handle].map { !$0.isRemoteFinished } ?? false, "data of \(handle), which is open")
      streams[handle]?.unreadBytes += bytes.readableBytes
    case .streamFinished(let handle):
      expect(streams[handle].map { !$0.isRemoteFinished } ?? false, "\(handle) ends once")
      streams[handle]?.isRemoteFinished = true
    case .streamClosed(let handle, _):
      expect(streams.removeValue(forKey: handle) != nil, "\(handle) closes once")
    case .streamWritable(let handle):
      expect(streams[handle] != nil, "\(handle) is writable while it is there")
    }
  }

  private func note(_ answer: Node.Answer, to request: RequestID) {
    expect(pending.remove(request) != nil, "\(request) is answered once")
    if case .streamOpened(let handle, _) = answer {
      expect(streams.updateValue(Known(), forKey: handle) == nil, "\(handle) is new")
    }
  }

  // MARK: Invariants

  private func check() {
    let limits = node.configuration.limits
    let entries = node.entries.values
    expect(node.requestsPending == pending.count, "\(node.requestsPending) counted, \(pending.count) waiting")
    expect(pending.count <= limits.requestsMax, "\(pending.count) requests")
    expect(
      entries.allSatisfy { $0.streams.count <= limits.streamsPerConnectionMax }, "streams of one connection")
    let counted = entries.reduce(0) { $0 + $1.streams.count }
    expect(node.streamCount == counted, "\(node.streamCount) streams counted, \(counted) there")
    let buffered = entries.reduce(0) { $0 + $1.connection.bufferedBytes }
    expect(node.bufferedBytes == buffered, "\(node.bufferedBytes) bytes counted, \(buffered) there")
    expect(buffered <= limits.bufferedBytesMax + 5000, "\(buffered) bytes held")
    let upgrading = entries.count { if case .upgrading = $0.phase { true } else { false } }
    expect(node.admission.handshakes == upgrading, "\(node.admission), \(upgrading) upgrading")
    expect(node.admission.connections == entries.count, "\(node.admission), \(entries.count) there")
    let circuits = entries.count(where: \.isRelayed)
    expect(
      node.connectionOfCircuit.count == circuits,
      "\(node.connectionOfCircuit.count) circuits counted, \(circuits) there")
    expect(node.endedCircuits.isEmpty, "circuits that ended are forgotten")
    expect(
      node.deadlines.count <= 16 + counted + 4 * entries.count + node.efforts.count + node.punchOfDial.count,
      "\(node.deadlines.count) deadlines")
    expect(node.effortOfDial.count <= limits.dialsMax, "\(node.effortOfDial.count) dials")
    expect(
      dials.allSatisfy {
        node.effortOfDial[$0] != nil || node.punchOfDial[$0] != nil || node.dialBackOfDial[$0] != nil
      }, "what is dialled is waited for")
  }

  /// The transport goes, time passes, and everything is answered and forgotten.
  private func finish() {
    drain()
    settle()
    loseTransport()
    settle()
    // What still waits is reaching somebody, and gives up.
    for _ in 0..<400 where !pending.isEmpty {
      guard let deadline = node.deadline else { break }
      advance(max(deadline - now, .zero))
      settle()
    }
    expect(pending.isEmpty, "\(pending) were never answered")
    node.shutdown(at: now)
    settle()
    expect(
      node.requestsPending == 0 && node.efforts.isEmpty && node.effortOfPeer.isEmpty, "no effort is left")
    expect(node.effortOfDial.isEmpty && node.effortOfResolution.isEmpty, "no dial or question is left")
    expect(
      node.punchOfDial.isEmpty && node.dialBackOfDial.isEmpty && node.dialOfCircuit.isEmpty && dials.isEmpty,
      "no dial of any kind is left: \(dials)")
    expect(node.entries.isEmpty && node.peerEntries.isEmpty, "no connection is left")
    expect(streams.isEmpty, "every stream of the application was closed: \(streams)")
    expect(
      node.streamCount == 0 && node.bufferedBytes == 0,
      "\(node.streamCount) streams, \(node.bufferedBytes) bytes")
    expect(node.admission.connections == 0 && node.admission.handshakes == 0, "\(node.admission)")
    expect(node.connectionOfCircuit.isEmpty, "no circuit is left")
    expect(node.deadlines.count == 0, "\(node.deadlines.count) deadlines are left")
  }
}
