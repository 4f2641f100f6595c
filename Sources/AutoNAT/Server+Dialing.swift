import Identity
import NIOCore
package import SansIO
import Wire

// Dialling: what is dialled for whom, and what becomes of it.
extension Server {
  // MARK: Inputs

  /// The connection that was asked for; the peer at its other end is the one that was expected.
  package mutating func dialed(_ key: DialKey, on connection: ConnectionID, at now: Instant) {
    self.now = now
    guard let stream = dials.removeValue(forKey: key), let request = requests[stream] else {
      counters.dialsLate += 1
      return events.append(.closeConnection(connection))
    }
    counters.dialsSucceeded += 1
    switch request.phase {
    case .trying(var trial):
      let address = trial.dials.removeValue(forKey: key)
      events.append(.closeConnection(connection))
      abandon(.trying(trial))
      counters.requestsAnswered += 1
      answer(stream, V1Message.response(.ok, address).encoded)
    case .dialing(let choice, _):
      openNumber += 1
      let open = OpenID(rawValue: openNumber)
      opening[open] = stream
      requests[stream]?.phase = .opening(choice, connection, open)
      deadlines.set(stream, to: now + configuration.dialBackTimeout)
      events.append(.open(open, .autoNATDialBack, on: connection))
    case .reading, .collecting, .delaying, .opening, .greeting, .answered:
      preconditionFailure("a dial of \(stream), which waits for none")
    }
  }

  package mutating func dialFailed(_ key: DialKey, at now: Instant) {
    self.now = now
    guard let stream = dials.removeValue(forKey: key), let request = requests[stream] else { return }
    counters.dialsFailed += 1
    switch request.phase {
    case .trying(var trial):
      trial.dials[key] = nil
      tryNext(trial, for: stream)
    case .dialing(let choice, _): answer(stream, choice, .dialError)
    case .reading, .collecting, .delaying, .opening, .greeting, .answered:
      preconditionFailure("a dial of \(stream), which waits for none")
    }
  }

  /// The dial-back stream that was asked for.
  package mutating func opened(_ open: OpenID, as dialBack: StreamHandle, at now: Instant) {
    self.now = now
    guard let stream = opening.removeValue(forKey: open),
      case .opening(let choice, let connection, _)? = requests[stream]?.phase
    else { return events.append(.reset(dialBack)) }
    dialBacks[dialBack] = stream
    requests[stream]?.phase = .greeting(
      choice, connection, dialBack, LengthPrefixedFrames(maxBytes: DialBackMessage.bytesMax))
    events.append(.write(DialBackMessage.encoded(nonce: choice.nonce), on: dialBack))
    events.append(.finish(dialBack))
  }

  /// The peer does not speak it, or the connection is gone.
  package mutating func openFailed(_ open: OpenID, at now: Instant) {
    self.now = now
    guard let stream = opening.removeValue(forKey: open) else { return }
    dialBackEnded(for: stream, .dialBackError)
  }

  // MARK: Version 1

  mutating func takeV1(
    _ frame: ByteBuffer, of request: Request, on stream: StreamHandle
  ) throws(AutoNATError) {
    let addresses: [Multiaddr]
    do throws(AutoNATError) {
      guard case .dial(let peer, let asked) = try V1Message(decoding: frame) else { throw .unexpectedMessage }
      if let peer, peer != request.peer { throw .malformedPeer }
      addresses = asked
    } catch .malformedPeer {
      counters.badRequests += 1
      return answer(stream, V1Message.response(.badRequest, nil).encoded)
    }
    let targets = v1Targets(addresses, of: request)
    guard !targets.isEmpty else {
      counters.refusedAddresses += 1
      return refuse(stream, .dialRefused)
    }
    deadlines.set(stream, to: now + configuration.v1DialTimeout)
    tryNext(Request.Trial(waiting: targets[...]), for: stream)
  }

  /// The address the asker came from, and the ports that it names, all at the IP it came from and at no other
  /// ("implementations MUST NOT dial any multiaddress unless it is based on the IP address the requesting
  /// node is observed as"). What IP it names does not matter: behind a NAT it may not know better.
  private func v1Targets(_ addresses: [Multiaddr], of request: Request) -> [Multiaddr] {
    guard let observed = request.observed, rule.permits(observed.ip) else { return [] }
    var targets: [Multiaddr] = []
    let asked = addresses.filter { ($0.peerID ?? request.peer) == request.peer }.compactMap(Target.init)
    for target in [observed] + asked where targets.count < configuration.v1AddressesMax {
      let address = target.at(observed.ip)
      guard let moved = Target(address), rule.permits(moved), !targets.contains(address) else { continue }
      targets.append(address)
    }
    return targets
  }

  private mutating func tryNext(_ trial: Request.Trial, for stream: StreamHandle) {
    guard let peer = requests[stream]?.peer else { return }
    var trial = trial
    while trial.dials.count < configuration.v1DialsMax, let address = trial.waiting.popFirst() {
      trial.dials[ask(address, peer, for: stream)] = address
    }
    requests[stream]?.phase = .trying(trial)
  }

  mutating func trialIsOver(_ stream: StreamHandle) {
    guard let request = requests[stream] else { return }
    abandon(request.phase)
    counters.requestsAnswered += 1
    answer(stream, V1Message.response(.dialError, nil).encoded)
  }

  // MARK: Version 2

  mutating func takeV2(
    _ frame: ByteBuffer, of request: Request, on stream: StreamHandle
  ) throws(AutoNATError) {
    switch (request.phase, try V2Message(decoding: frame)) {
    case (.reading(let frames), .dialRequest(let addresses, let nonce)):
      choose(from: addresses, nonce, of: request, on: stream, frames)
    case (.collecting(let frames, let choice, let owed), .dialData(let bytes)):
      counters.dialDataBytes += UInt64(bytes)
      guard owed > bytes else { return delay(choice, for: stream) }
      guard bytes >= configuration.dialDataMessageBytesMin else { throw .dialDataTooSmall }
      requests[stream]?.phase = .collecting(frames, choice, owedBytes: owed - bytes)
    case (.reading, _), (.collecting, _): throw .unexpectedMessage
    case (.trying, _), (.delaying, _), (.dialing, _), (.opening, _), (.greeting, _), (.answered, _): break
    }
  }

  /// "The server MUST NOT dial any address other than" the first that it is able and willing to.
  private mutating func choose(
    from addresses: [Multiaddr?], _ nonce: UInt64, of request: Request, on stream: StreamHandle,
    _ frames: LengthPrefixedFrames
  ) {
    for (index, address) in addresses.enumerated() {
      guard let address, let target = rule.target(of: address, for: request.peer) else { continue }
      let choice = Request.Choice(index: UInt32(index), address: target.at(target.ip), nonce: nonce)
      if target.ip == request.observed?.ip { return dial(choice, for: stream) }
      guard dataRate.take(at: now) else {
        counters.refusedDataRate += 1
        return refuse(stream, .requestRejected)
      }
      let bytes = Int.random(in: dialDataBytes, using: &generator)
      requests[stream]?.phase = .collecting(frames, choice, owedBytes: bytes)
      let demand = V2Message.dialDataRequest(index: choice.index, bytes: UInt64(bytes))
      return events.append(.write(demand.encoded, on: stream))
    }
    counters.refusedAddresses += 1
    refuse(stream, .dialRefused)
  }

  private mutating func delay(_ choice: Request.Choice, for stream: StreamHandle) {
    requests[stream]?.phase = .delaying(choice)
    deadlines.set(stream, to: now + generator.duration(upTo: configuration.dialDelayMax))
  }

  mutating func dial(_ choice: Request.Choice, for stream: StreamHandle) {
    guard let peer = requests[stream]?.peer else { return }
    let key = ask(choice.address, peer, for: stream)
    requests[stream]?.phase = .dialing(choice, key)
    deadlines.set(stream, to: now + configuration.v2DialTimeout)
  }

  // MARK: Dial-back

  mutating func dialBackReceived(_ bytes: inout ByteBuffer, for stream: StreamHandle) {
    guard case .greeting(let choice, let connection, let dialBack, var frames)? = requests[stream]?.phase
    else { return }
    frames.receive(&bytes)
    do {
      guard let frame = try frames.nextFrame() else {
        requests[stream]?.phase = .greeting(choice, connection, dialBack, frames)
        return
      }
      let isTaken = try DialBackMessage.response(decoding: frame)
      dialBackEnded(for: stream, isTaken ? .ok : .dialBackError)
    } catch {
      dialBackEnded(for: stream, .dialBackError)
    }
  }

  /// Clients older than the response say nothing and finish; the nonce has arrived there too.
  mutating func dialBackFinished(for stream: StreamHandle) { dialBackEnded(for: stream, .ok) }

  mutating func dialBackLost(for stream: StreamHandle) { dialBackEnded(for: stream, .dialBackError) }

  private mutating func dialBackEnded(for stream: StreamHandle, _ status: V2Message.DialStatus) {
    guard let request = requests[stream] else { return }
    switch request.phase {
    case .opening(let choice, _, _), .greeting(let choice, _, _, _):
      if status != .ok { counters.dialBacksFailed += 1 }
      abandon(request.phase)
      answer(stream, choice, status)
    case .reading, .trying, .collecting, .delaying, .dialing, .answered: break
    }
  }

  // MARK: With the driver

  private mutating func ask(_ address: Multiaddr, _ peer: PeerID, for stream: StreamHandle) -> DialKey {
    dialNumber += 1
    let key = DialKey(rawValue: dialNumber)
    dials[key] = stream
    counters.dials += 1
    events.append(.dial(key, address, expecting: peer))
    return key
  }

  /// Lets go of what a request had asked the driver for.
  mutating func abandon(_ phase: Request.Phase) {
    switch phase {
    case .trying(let trial): for key in trial.dials.keys.sorted() { cancel(key) }
    case .dialing(_, let key): cancel(key)
    case .opening(_, let connection, let open):
      opening[open] = nil
      events.append(.closeConnection(connection))
    case .greeting(_, let connection, let dialBack, _):
      dialBacks[dialBack] = nil
      events.append(.closeConnection(connection))
    case .reading, .collecting, .delaying, .answered: break
    }
  }

  private mutating func cancel(_ key: DialKey) {
    dials[key] = nil
    events.append(.cancelDial(key))
  }
}
