import Chat
import LocalDiscovery
import NIOCore
import Node
import SansIO
import Wire

/// What a shell does.
extension NodeNetwork {
  func carryOut(_ host: Host) {
    if host.isFrozen { return }
    while let output = host.node.nextOutput() {
      switch output {
      case .dial(let id, let address, let source): dial(id, address, source, from: host)
      case .cancelDial(let id): host.cancelled.insert(id)
      case .resolve(let id, let resolution): resolve(id, resolution, for: host)
      case .flush(let id): flush(id, of: host)
      case .close(let id): closeSocket(id, of: host)
      case .answer(let request, let answer):
        host.answers[request] = answer
        host.answeredAt[request] = now
        host.answerCounts[request, default: 0] += 1
      case .event(let event): host.events.append(event)
      case .save(let id, let writes): save(id, writes, for: host)
      case .keyLog(let line): host.keyLog.append(line)
      case .streamOpened(let handle, _, _): host.openedStreams.append(handle)
      case .streamData(let handle, let bytes):
        host.streams[handle, default: []].append(contentsOf: bytes.readableBytesView)
        if host.consumes { host.node.consumed(bytes.readableBytes, on: handle, at: now) }
      case .streamFinished(let handle): host.finishedStreams.insert(handle)
      case .streamClosed(let handle, _): host.closedStreams.insert(handle)
      case .multicast(let packet, let link, _): multicast(packet, on: link, from: host)
      case .streamWritable: break
      case .stopped: host.hasStopped = true
      }
    }
  }

  /// Puts a host on the one link there is, where everybody hears everybody.
  package func plugIn(_ host: Host) {
    guard let ip = host.address.host?.ip else { return }
    host.isOnLink = true
    let interface = Interface(
      id: InterfaceID(rawValue: 2), name: "lan0", addresses: [InterfaceAddress(ip, prefixBits: 16)])
    on(host) { node, now in
      node.discoverLocally(listeningOn: [host.address], at: now)
      node.interfacesChanged([interface], at: now)
    }
  }

  private func multicast(_ packet: ByteBuffer, on link: Link, from host: Host) {
    guard let ip = host.address.host?.ip else { return }
    for other in hosts where other !== host && other.isOnLink {
      after(.milliseconds(1)) { [self] in
        if other.isFrozen || !other.isOnLink { return }
        other.node.multicastReceived(
          packet, from: Endpoint(ip, port: LocalDiscovery.Machine.port), on: link, at: now)
        carryOut(other)
      }
    }
  }

  private func save(_ id: SaveID, _ writes: [Write], for host: Host) {
    let outcomes = host.kept.apply(writes)
    after(.microseconds(100)) { [self] in
      host.node.saved(id, outcomes, at: now)
      carryOut(host)
    }
  }

  private func dial(_ id: DialID, _ address: Multiaddr, _ source: DialSource, from host: Host) {
    dials.append((now, address))
    host.dialled.append((address, source))
    if blackHoles.contains(address) { return }
    if let target = hosts.first(where: { $0.address == address }), target.router != nil {
      return knock(id, atRouterOf: target, source, from: host)
    }
    knock(id, address, from: host, at: now, wait: .seconds(1))
  }

  /// An attempt. Through a partition it gets no answer, and the kernel repeats it, each time after twice as
  /// long, until the shell gives it up.
  private func knock(
    _ id: DialID, _ address: Multiaddr, from host: Host, at begin: Instant, wait: Duration
  ) {
    after(latency * 2) { [self] in
      guard !host.cancelled.contains(id) else { return }
      guard let target = hosts.first(where: { $0.address == address && $0.accepts })
      else {
        host.node.dialFailed(id, reason: "connection refused", problem: .refused, at: now)
        return carryOut(host)
      }
      guard areCut(host, target) else { return open(id, from: host, to: target) }
      guard now + wait - begin < dialPatience else {
        return after(begin + dialPatience - now) { [self] in
          host.node.dialFailed(id, reason: "no answer", at: now)
          carryOut(host)
        }
      }
      after(wait) { [self] in knock(id, address, from: host, at: begin, wait: wait * 2) }
    }
  }

  private func open(_ id: DialID, from host: Host, to target: Host) {
    let (near, far) = (Socket(host: host), Socket(host: target))
    near.other = far
    far.other = near
    guard
      let accepted = target.node.accepted(local: target.address, remote: place(of: host, at: target), at: now)
    else {
      host.node.dialFailed(id, reason: "reset", at: now)
      return carryOut(host)
    }
    far.id = accepted
    target.sockets[accepted] = far
    if let connected = host.node.dialed(id, local: host.address, remote: target.address, at: now) {
      near.id = connected
      host.sockets[connected] = near
    } else {
      close(far, reason: "closed by the peer")
    }
    carryOut(target)
    carryOut(host)
  }

  /// Where one is seen by another, or is said to be seen.
  private func place(of host: Host, at target: Host) -> Multiaddr {
    if let planted = target.plants { return planted }
    guard host.router == .symmetric, let ip = host.address.host?.ip,
      let index = hosts.firstIndex(where: { $0 === target })
    else { return host.address }
    return .tcp(ip, port: UInt16(20_000 + index))
  }

  /// A first packet to somebody behind a router: let in only if there is one of its own on the way.
  private func knock(_ id: DialID, atRouterOf target: Host, _ source: DialSource, from host: Host) {
    if source != .freshPort { host.pending[target.address] = id }
    after(latency) { [self] in
      guard !host.cancelled.contains(id), !target.isFrozen, !host.isFrozen, !areCut(host, target) else {
        return
      }
      if let theirs = target.pending[host.address], !target.cancelled.contains(theirs), source != .freshPort {
        target.pending[host.address] = nil
        host.pending[target.address] = nil
        return after(latency) { [self] in join(host, id, target, theirs) }
      }
      guard target.router == .rejects else { return }
      after(latency) { [self] in
        guard !host.cancelled.contains(id) else { return }
        host.pending[target.address] = nil
        host.node.dialFailed(id, reason: "connection refused", problem: .refused, at: now)
        carryOut(host)
      }
    }
  }

  /// Simultaneous open: both have dialled, nobody has accepted.
  private func join(_ one: Host, _ oneDial: DialID, _ other: Host, _ otherDial: DialID) {
    let (near, far) = (Socket(host: one), Socket(host: other))
    (near.other, far.other) = (far, near)
    for (socket, dial, peer) in [(near, oneDial, other), (far, otherDial, one)] {
      let host = socket.host
      if let id = host.node.dialed(dial, local: host.address, remote: peer.address, at: now) {
        socket.id = id
        host.sockets[id] = socket
      }
    }
    carryOut(one)
    carryOut(other)
  }

  private func resolve(_ id: ResolutionID, _ resolution: Resolution, for host: Host) {
    host.resolutions.append(resolution)
    let answer = names[resolution] ?? .failed("no such name")
    after(latency) { [self] in
      host.node.resolved(id, answer, at: now)
      carryOut(host)
    }
  }

  private func flush(_ id: ConnectionID, of host: Host) {
    guard let socket = host.sockets[id] else { return }
    while true {
      var wire = ByteBuffer()
      guard host.node.drainOutbound(id, into: &wire, maxBytes: 64 * 1024, at: now) else { return }
      arrive(at: socket.other, from: host) { [self] far in
        guard let id = far.id, far.host.sockets[id] === far, !far.host.isFrozen else { return }
        // A copy of its own: nodes decrypt in place.
        far.host.node.receive(ByteBuffer(bytes: Array(wire.readableBytesView)), on: id, at: now)
        carryOut(far.host)
      }
    }
  }

  private func closeSocket(_ id: ConnectionID, of host: Host) {
    flush(id, of: host)
    guard let socket = host.sockets.removeValue(forKey: id) else { return }
    after(.zero) { [self] in
      host.node.transportClosed(id, reason: "closed", at: now)
      carryOut(host)
    }
    arrive(at: socket.other, from: host) { [self] far in close(far, reason: "closed by the peer") }
  }

  func close(_ socket: Socket, reason: String) {
    after(.zero) { [self] in
      guard let id = socket.id, socket.host.sockets.removeValue(forKey: id) != nil else { return }
      socket.host.node.transportClosed(id, reason: reason, at: now)
      carryOut(socket.host)
    }
  }
}
