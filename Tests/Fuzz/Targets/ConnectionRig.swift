@testable import Connection
import Identity
import NIOCore
import SansIO
import Wire
import Yamux

/// A connection between a hostile peer and a busy owner. Holds it to what its documentation promises.
final class ConnectionRig {
  private var input: FuzzInput
  private var connection: Connection
  private var peer: HostilePeer?
  private var now = Instant.zero

  private var isEstablished = false
  private var failure: ConnectionError?
  private var isClosed = false
  /// Streams the owner may speak of.
  private var streams: [StreamID: Known] = [:]
  private var everKnown: Set<StreamID> = []

  private struct Known {
    var isAgreed = false
    var isRemoteFinished = false
    var unreadBytes = 0
  }

  static func connection(_ role: Role) -> Connection {
    var configuration = Connection.Configuration()
    configuration.inboundNegotiationsMax = 3
    configuration.yamux.streamsMax = 8
    configuration.yamux.inboundStreamsMax = 6
    configuration.yamux.sendBufferBytes = 1000
    configuration.yamux.sendBufferTotalBytes = 2500
    return Connection(
      role: role, identity: role == .initiator ? FuzzTarget.alice : FuzzTarget.bob, expectedPeer: nil,
      supported: ["/a/1", "/b/1", "/perf/1.0.0"], configuration: configuration,
      entropy: [UInt8](repeating: 77, count: 32) + [UInt8](repeating: 78, count: 32), now: .zero)
  }

  init(_ input: FuzzInput, _ role: Role) {
    self.input = input
    let upgrade = HostilePeer.Upgrade(rawValue: self.input.byte() % 3) ?? .early
    connection = Self.connection(role)
    peer = HostilePeer.upgrade(
      role == .initiator ? .responder : .initiator, upgrade,
      say: { bytes in
        receive(bytes)
        pull()
      },
      hear: { takeOutbound() })
    expect(failure == nil, "an honest upgrade succeeds: \(failure!)")
  }

  func run() {
    while !input.isEmpty, failure == nil {
      move()
      pull()
      check()
    }
    finish()
  }

  // MARK: Moves

  private func move() {
    switch input.byte() & 15 {
    case 0...5:
      guard let bytes = peer?.say(&input) else { return }
      receive(bytes)
    case 6: openStream()
    case 7: write()
    case 8: connection.finish(anyStream())
    case 9: connection.reset(anyStream(), code: UInt32(input.byte()))
    case 10: consume()
    case 11: advance(.milliseconds(Int64(input.short())))
    case 12: drainAll()
    case 13:
      var wire = ByteBuffer()
      _ = connection.drainOutbound(into: &wire, maxBytes: Int(input.byte()))
    case 14: connection.releaseIdleStorage()
    default:
      if input.byte() & 15 == 0 {
        connection.close(.normal)
        isClosed = true
      } else {
        connection.ping(at: now)
      }
    }
  }

  private func receive(_ bytes: ByteBuffer) {
    do throws(ConnectionError) {
      try connection.receive(bytes, at: now)
    } catch {
      failure = error
    }
  }

  private func openStream() {
    let names: [ProtocolName] = input.byte() & 1 == 0 ? ["/a/1"] : ["/a/1", "/b/1"]
    let before = connection.streamCount
    do throws(StreamError) {
      let id = try connection.openStream(names)
      expect(isEstablished && !isClosed, "streams of a connection that is there")
      expect(everKnown.insert(id).inserted, "\(id) is new")
      streams[id] = Known()
    } catch {
      expect(connection.streamCount == before, "a stream that could not be opened is not there: \(error)")
    }
  }

  private func write() {
    let id = anyStream()
    _ = attempt { () throws(StreamError) in
      try connection.write(ByteBuffer(repeating: 7, count: Int(input.byte())), to: id)
    }
  }

  private func consume() {
    let id = anyStream()
    guard let unread = streams[id]?.unreadBytes, unread > 0 else { return }
    let count = 1 + Int(input.byte()) % unread
    connection.consumed(count, on: id)
    streams[id]?.unreadBytes -= count
  }

  private func advance(_ duration: Duration) {
    now += duration
    do throws(ConnectionError) {
      try connection.advance(to: now)
    } catch {
      failure = error
    }
  }

  private func drainAll() {
    for _ in 0..<10_000 where connection.hasOutbound {
      var wire = ByteBuffer()
      expect(connection.drainOutbound(into: &wire, maxBytes: 1 << 16), "what has outbound drains")
    }
    expect(!connection.hasOutbound, "draining ends")
  }

  private func takeOutbound() -> ByteBuffer {
    var wire = ByteBuffer()
    while connection.drainOutbound(into: &wire, maxBytes: 1 << 16) {}
    return wire
  }

  private func anyStream() -> StreamID {
    let ids = streams.keys.sorted()
    let choice = Int(input.byte())
    return ids.isEmpty || choice > 250 ? StreamID(rawValue: UInt32(choice & 15)) : ids[choice % ids.count]
  }

  // MARK: Events

  private func pull() {
    do throws(ConnectionError) {
      while let event = try connection.nextEvent() { note(event) }
    } catch {
      failure = error
    }
  }

  private func note(_ event: Connection.Event) {
    if case .established(let peer, let key, _) = event {
      expect(!isEstablished && key.peerID == peer, "established once, by the owner of the key")
      isEstablished = true
      return
    }
    expect(isEstablished, "\(event) before the connection is established")
    expect(failure == nil, "\(event) after the end")
    switch event {
    case .streamOpened(let id, let name, isInbound: true):
      expect(everKnown.insert(id).inserted, "\(id) is new")
      expect(connection.supported.contains(name), "\(name) is served")
      streams[id] = Known(isAgreed: true)
    case .streamOpened(let id, _, isInbound: false):
      expect(streams[id].map { !$0.isAgreed } ?? false, "\(id) was waiting for its protocol")
      streams[id]?.isAgreed = true
    case .streamRefused(let id):
      expect(
        streams.removeValue(forKey: id).map { !$0.isAgreed } ?? false, "\(id) was waiting for its protocol")
    case .data(let id, let bytes):
      expect(streams[id].map { $0.isAgreed && !$0.isRemoteFinished } ?? false, "data of \(id), which is open")
      streams[id]?.unreadBytes += bytes.readableBytes
    case .remoteFinished(let id):
      expect(streams[id].map { $0.isAgreed && !$0.isRemoteFinished } ?? false, "\(id) ends once")
      streams[id]?.isRemoteFinished = true
    case .writable(let id): expect(streams[id] != nil, "\(id) is writable while it is there")
    case .streamClosed(let id, _): expect(streams.removeValue(forKey: id) != nil, "\(id) closes once")
    case .established, .roundTrip, .goAway: break
    }
  }

  // MARK: Invariants

  private func check() {
    let inbound = connection.negotiations.values.count { $0.isInbound }
    expect(
      connection.inboundNegotiating == inbound, "\(connection.inboundNegotiating) counted, \(inbound) there")
    expect(inbound <= connection.configuration.inboundNegotiationsMax, "\(inbound) negotiations")
    expect(connection.negotiations.count <= connection.streamCount, "a negotiation has a stream")
    expect(
      connection.negotiationDeadlines.count <= 2 * connection.negotiations.count + 32,
      "\(connection.negotiationDeadlines.count) deadlines")
    expect(
      connection.unspoken.count <= connection.streamCount + 8, "\(connection.unspoken.count) unspoken streams"
    )
    let queued = connection.yamux?.sendBufferedBytes ?? 0
    expect(queued <= 2500 + 255 + 1100, "\(queued) bytes queued")
  }

  private func finish() {
    drainAll()
    if failure != nil {
      pull()
      expect(connection.deadline == nil, "no deadline after the end")
      return
    }
    for _ in 0..<20 {
      guard failure == nil, let deadline = connection.deadline else { return }
      now = max(now, deadline)
      advance(.zero)
      pull()
      drainAll()
      expect(connection.deadline.map { $0 > now } ?? true, "a deadline that was kept is not due again")
    }
    expect(failure != nil, "a peer that is silent for ever is given up")
  }
}
