import Chat
import CircuitRelay
import Connection
import DCUtR
import GossipSub
import Identify
import Identity
import NIOCore
import Perf
import Ping
import SansIO
import Wire

// From streams to the protocols that run on them, and back.
extension Node {
  /// Everything inbound streams may ask for.
  var supportedProtocols: Set<ProtocolName> {
    var names: Set<ProtocolName> = [.ping, .identify, .identifyPush]
    if configuration.gossip != nil { names.formUnion(Version.offered) }
    if configuration.messenger != nil { names.insert(.chat) }
    if relayClient != nil { names.insert(.relayStop) }
    if relayService != nil { names.insert(.relayHop) }
    if upgrader != nil { names.insert(.dcutr) }
    names.formUnion(reachabilityProtocols)
    if configuration.servesPerf { names.formUnion(Form.allCases.map(\.protocolName)) }
    return names.union(applicationProtocols)
  }

  // MARK: Opening

  /// The peer opened a stream of a protocol we serve.
  func acceptStream(_ stream: Connection.StreamID, _ name: ProtocolName, on entry: ConnectionEntry) {
    guard let peer = entry.peer, entry.dialBack == nil, isRoomForStream(on: entry) else {
      counters.streamsRefused += 1
      return entry.connection.reset(stream)
    }
    if gossip != nil, let version = Version(name) {
      acceptGossip(stream, version, of: peer, on: entry)
    } else if name == .relayStop || name == .relayHop {
      acceptRelay(stream, name, of: peer, on: entry)
    } else if reachabilityProtocols.contains(name) {
      acceptReachability(stream, name, of: peer, on: entry)
    } else if name == .dcutr {
      acceptUpgrade(stream, of: peer, on: entry)
    } else if applicationProtocols.contains(name) {
      entry.streams[stream] = .application
      outputs.append(.streamOpened(entry.handle(stream), peer: peer, protocolName: name))
    } else if let slot = serve(name, to: peer, on: entry) {
      slot.place = entry.handle(stream)
      entry.streams[stream] = .machine(slot)
      drive(slot, on: stream, of: entry)
    } else {
      counters.streamsRefused += 1
      entry.connection.reset(stream)
    }
  }

  /// The machine that serves a protocol of ours on a fresh stream; nil to refuse.
  private func serve(
    _ name: ProtocolName, to peer: PeerID, on entry: ConnectionEntry
  ) -> StreamSlot? {
    switch name {
    case .ping:
      // The ping spec asks for one stream a peer; two overlap while a peer replaces its stream.
      guard streams(of: .ping, on: entry) < 2 else { return nil }
      return StreamSlot(name, .serving, Responder(at: now))
    case .identify:
      return IdentifySaying(identifyMessage(for: entry), at: now, timeout: configuration.timeouts.identify)
        .map { StreamSlot(name, .serving, $0) }
    case .identifyPush:
      return acceptPush(from: peer)
    case .chat:
      return hearDirect(from: peer)
    default:
      return Form(name).map { StreamSlot(name, .serving, Server(form: $0, at: now)) }
    }
  }

  private func streams(of name: ProtocolName, on entry: ConnectionEntry) -> Int {
    entry.streams.values.count {
      if case .machine(let slot) = $0, case .serving = slot.purpose {
        slot.protocolName == name
      } else {
        false
      }
    }
  }

  /// Opens a stream of ours for a machine and starts it at once: a single proposal is not waited for.
  func open(_ slot: StreamSlot, on entry: ConnectionEntry) throws(NodeError) {
    let stream = try openStream([slot.protocolName], on: entry)
    slot.place = entry.handle(stream)
    entry.streams[stream] = .machine(slot)
    drive(slot, on: stream, of: entry)
  }

  func openStream(
    _ protocols: [ProtocolName], on entry: ConnectionEntry
  ) throws(NodeError) -> Connection.StreamID {
    guard isRoomForStream(on: entry) else { throw .limit("streams") }
    do throws(StreamError) {
      return try entry.connection.openStream(protocols)
    } catch {
      throw NodeError(error)
    }
  }

  private func isRoomForStream(on entry: ConnectionEntry) -> Bool {
    entry.streams.count < configuration.limits.streamsPerConnectionMax
      && streamCount + entry.streams.count - entry.countedStreams < configuration.limits.streamsMax
  }

  // MARK: Requests

  /// A stream for a protocol of the application's.
  func startStream(_ request: RequestID, _ protocols: [ProtocolName], on entry: ConnectionEntry) {
    do throws(NodeError) {
      entry.streams[try openStream(protocols, on: entry)] = .opening(request, protocols)
    } catch {
      answer(request, .failed(error))
    }
  }

  func startPing(_ request: RequestID, count: Int, on entry: ConnectionEntry) {
    let run = PingRun(count: count, generator: SeededGenerator(seed: secrets.next()), at: now)
    do throws(NodeError) {
      try open(StreamSlot(.ping, .pinging(request), run), on: entry)
    } catch {
      answer(request, .failed(error))
    }
  }

  /// Perf waits for the agreement, because the form depends on it.
  func startPerf(_ request: RequestID, upload: UInt64, download: UInt64, on entry: ConnectionEntry) {
    do throws(NodeError) {
      let stream = try openStream(Form.allCases.map(\.protocolName), on: entry)
      entry.streams[stream] = .openingPerf(request, upload: upload, download: download)
    } catch {
      answer(request, .failed(error))
    }
  }

  /// The peer agreed to the protocol of a stream of ours.
  func streamAgreed(_ stream: Connection.StreamID, _ name: ProtocolName, on entry: ConnectionEntry) {
    switch entry.streams[stream] {
    case .opening(let request, _):
      entry.streams[stream] = .application
      answer(request, .streamOpened(entry.handle(stream), name))
    case .openingPerf(let request, let upload, let download):
      guard let form = Form(name) else { return }
      let run = Client(form: form, upload: upload, download: download, at: now)
      let slot = StreamSlot(name, .measuring(request), run)
      entry.streams[stream] = .machine(slot)
      drive(slot, on: stream, of: entry)
    case .application, .machine, .gossip, .relayClient, .relayService, .reachability, .upgrade, .circuit:
      break  // Proposed without waiting, and running already.
    case nil:
      entry.connection.reset(stream)
    }
  }

  // MARK: Running

  func route(_ bytes: ByteBuffer, from stream: Connection.StreamID, on entry: ConnectionEntry) {
    switch entry.streams[stream] {
    case .application:
      outputs.append(.streamData(entry.handle(stream), bytes))
    case .machine(let slot):
      var bytes = bytes
      let count = bytes.readableBytes
      slot.machine.receive(&bytes, at: now)
      entry.connection.consumed(count, on: stream)
      drive(slot, on: stream, of: entry)
    case .gossip(let role):
      receiveGossip(bytes, role, on: stream, of: entry)
    case .relayClient:
      relayClientReceived(bytes, on: entry.handle(stream))
    case .relayService:
      relayServiceReceived(bytes, on: entry.handle(stream))
    case .reachability(let role):
      reachabilityReceived(bytes, role, on: entry.handle(stream))
    case .upgrade:
      upgradeReceived(bytes, on: entry.handle(stream))
    case .circuit(let inner):
      entry.connection.consumed(bytes.readableBytes, on: stream)
      circuitReceived(bytes, on: inner)
    case nil, .opening, .openingPerf:
      entry.connection.consumed(bytes.readableBytes, on: stream)
    }
  }

  func streamFinished(_ stream: Connection.StreamID, on entry: ConnectionEntry) {
    switch entry.streams[stream] {
    case .application:
      outputs.append(.streamFinished(entry.handle(stream)))
    case .machine(let slot):
      slot.machine.remoteFinished(at: now)
      drive(slot, on: stream, of: entry)
    case .gossip(.inbound):
      entry.connection.finish(stream)
    case .relayClient:
      relayClient?.remoteFinished(entry.handle(stream), at: now)
      pumpRelayClient()
    case .relayService:
      relayService?.remoteFinished(entry.handle(stream), at: now)
      pumpRelayService()
    case .reachability(let role):
      reachabilityFinished(role, on: entry.handle(stream))
    case .upgrade:
      upgrader?.remoteFinished(entry.handle(stream), at: now)
      pumpUpgrades()
    case .circuit(let inner):
      circuitFinished(inner)
    case nil, .opening, .openingPerf, .gossip(.outbound):
      break
    }
  }

  func streamWritable(_ stream: Connection.StreamID, on entry: ConnectionEntry) {
    switch entry.streams[stream] {
    case .application: outputs.append(.streamWritable(entry.handle(stream)))
    case .machine(let slot): drive(slot, on: stream, of: entry)
    case .gossip(.outbound): if let peer = entry.peer { drainGossip(to: peer) }
    case .relayService:
      relayService?.streamWritable(entry.handle(stream))
      pumpRelayService()
    case .circuit(let inner): if let inner = entries[inner] { flushCircuit(inner) }
    case nil, .opening, .openingPerf, .gossip(.inbound), .relayClient, .reachability, .upgrade: break
    }
  }

  func advanceStream(_ handle: StreamHandle) {
    let stream = Connection.StreamID(number: handle.stream)
    guard let entry = entries[handle.connection] else { return }
    if case .circuit = entry.streams[stream] { return cutCircuit(stream, on: entry) }
    guard case .machine(let slot) = entry.streams[stream] else { return }
    slot.machine.advance(to: now)
    if let end = slot.lingersUntil, end <= now {
      failStream(stream, StreamFailure(fault: .limit, error: .timeout("the stream's end")), on: entry)
    } else {
      drive(slot, on: stream, of: entry)
    }
    pump(entry)
  }

  /// Carries out what a machine wants: its outcomes, its bytes while there is room, its end.
  func drive(_ slot: StreamSlot, on stream: Connection.StreamID, of entry: ConnectionEntry) {
    do throws(StreamFailure) {
      while let outcome = try slot.machine.nextOutcome() { handle(outcome, from: slot, of: entry) }
    } catch {
      return failStream(stream, error, on: entry)
    }
    while !slot.isFinished {
      let room = entry.connection.writableBytes(stream)
      guard room > 0, let chunk = slot.machine.nextChunk(maxBytes: room, at: now) else { break }
      do throws(StreamError) {
        try entry.connection.write(chunk, to: stream)
      } catch {
        return failStream(stream, StreamFailure(fault: error.fault, error: NodeError(error)), on: entry)
      }
    }
    if slot.machine.outboundFinished, !slot.isFinished {
      slot.isFinished = true
      entry.connection.finish(stream)
    }
    if slot.isFinished, slot.machine.deadline == nil, slot.lingersUntil == nil {
      slot.lingersUntil = now + configuration.timeouts.linger
    }
    deadlines.tighten(.stream(entry.handle(stream)), to: slot.machine.deadline ?? slot.lingersUntil)
  }

  private func handle(_ outcome: StreamOutcome, from slot: StreamSlot, of entry: ConnectionEntry) {
    slot.isAnswered = true
    switch outcome {
    case .pinged(let roundTrips):
      entry.roundTrip = roundTrips.last
      if let request = slot.purpose.request { answer(request, .pinged(roundTrips)) }
    case .measured(let summary):
      if let request = slot.purpose.request { answer(request, .measured(summary)) }
    case .described(let message):
      described(by: message, on: entry)
    case .direct(let outcome):
      switch slot.purpose {
      case .talking(let peer), .hearing(let peer): handle(outcome, with: peer)
      case .serving, .pinging, .measuring, .identifying, .pushing: break
      }
    }
  }

  // MARK: Ending

  /// How a stream came to its end.
  enum StreamEnd {
    case refused, closed
    case reset(UInt32)
  }

  func streamEnded(_ stream: Connection.StreamID, _ end: StreamEnd, on entry: ConnectionEntry) {
    let error: NodeError? =
      switch end {
      case .refused: nil
      case .closed: .connectionLost("the peer ended the stream")
      case .reset(let code): .streamReset(code: code)
      }
    var code: UInt32?
    if case .reset(let value) = end { code = value }
    removeStream(stream, error, resetCode: code, on: entry)
  }

  /// The stream's machine gave up: the stream is reset, the connection lives on.
  private func failStream(
    _ stream: Connection.StreamID, _ failure: StreamFailure, on entry: ConnectionEntry
  ) {
    if failure.fault == .peer { counters.streamsViolated += 1 }
    entry.connection.reset(stream)
    removeStream(stream, failure.error, resetCode: 0, on: entry)
  }

  /// The connection is gone, and every stream with it.
  func endStreams(of entry: ConnectionEntry, _ error: NodeError) {
    for stream in entry.streams.keys.sorted() { removeStream(stream, error, resetCode: nil, on: entry) }
    finishIdentify(of: entry, .failed(error))
  }

  /// Forgets a stream and tells whoever waits for it. Without an error: none of the proposals is spoken.
  private func removeStream(
    _ stream: Connection.StreamID, _ error: NodeError?, resetCode: UInt32?, on entry: ConnectionEntry
  ) {
    guard let owner = entry.streams.removeValue(forKey: stream) else { return }
    deadlines.set(.stream(entry.handle(stream)), to: nil)
    if owner.isUseful { entry.lastUse = now }
    switch owner {
    case .application:
      outputs.append(.streamClosed(entry.handle(stream), resetCode: resetCode))
    case .opening(let request, let protocols):
      answer(request, .failed(error ?? .unsupportedProtocol(protocols)))
    case .openingPerf(let request, _, _):
      answer(request, .failed(error ?? .unsupportedProtocol(Form.allCases.map(\.protocolName))))
    case .machine(let slot):
      switch slot.purpose {
      case .talking(let peer): return directEnded(slot, error == nil ? .unsupported : .closed, with: peer)
      case .hearing(let peer): if hearingSlots[peer] === slot { hearingSlots[peer] = nil }
      case .serving, .pinging, .measuring, .identifying, .pushing: break
      }
      guard !slot.isAnswered else { return }
      let error = error ?? .unsupportedProtocol([slot.protocolName])
      if let request = slot.purpose.request { answer(request, .failed(error)) }
      if case .identifying = slot.purpose { finishIdentify(of: entry, .failed(error)) }
    case .gossip(let role):
      gossipStreamEnded(entry.handle(stream), role, isRefused: error == nil, on: entry)
    case .relayClient:
      relayClient?.streamEnded(entry.handle(stream), wasRefused: error == nil, at: now)
      pumpRelayClient()
    case .relayService:
      relayService?.streamEnded(entry.handle(stream), wasReset: resetCode != nil || entry.isClosing, at: now)
      pumpRelayService()
    case .reachability(let role):
      reachabilityStreamEnded(role, entry.handle(stream))
    case .upgrade:
      upgrader?.streamEnded(entry.handle(stream), wasRefused: error == nil, at: now)
      pumpUpgrades()
    case .circuit(let inner):
      relayClient?.streamEnded(entry.handle(stream), wasRefused: false, at: now)
      let reason = error.map { "\($0)" } ?? "the relay ended the circuit"
      endedCircuits.append((inner, reason, wasCut: resetCode != nil))
      pumpRelayClient()
    }
  }
}
