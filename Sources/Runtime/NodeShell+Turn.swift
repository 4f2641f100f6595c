package import NIOCore
package import Node
package import SansIO

/// A turn: one input, then all outputs, then all sending.
extension NodeShell {
  /// Makes one call into the node and carries out what follows from it.
  @discardableResult
  package func turn<Result>(_ input: (Node, Instant) -> Result) -> Result {
    let result = input(node, .now)
    finishTurn()
    return result
  }

  /// NIO calls back from within our own calls (a write that makes a socket writable, a close that makes it
  /// inactive) and clients give commands from within a delivery: such an input joins the turn that is under
  /// way.
  func finishTurn() {
    if isInTurn { return }
    isInTurn = true
    counters.turns += 1
    while true {
      while let output = node.nextOutput() { run(output) }
      if unsent.isEmpty { break }
      drainUnsent()
    }
    isInTurn = false
    switch phase {
    // What is due at the start waits for it: nobody would take the connections yet.
    case .idle, .stopped: return
    case .running, .stopping: timer.follow(node.deadline, on: loop, handler: self)
    }
  }

  /// The only interpreter of the node's outputs.
  private func run(_ output: Node.Output) {
    switch output {
    case .dial(let id, let address, let source): dial(id, to: address, from: source)
    case .cancelDial(let id): cancelDial(id)
    case .resolve(let id, let question): resolve(id, question)
    case .flush(let id): connections[id].map(markUnsent)
    case .close(let id): connections[id].map(beginClose)
    case .answer(let id, let answer): requests.removeValue(forKey: id)?(answer)
    case .event(let event): client?.happened(event)
    case .save(let id, let writes): save(id, writes)
    case .multicast(let packet, let link, let destination):
      multicast?.send(packet, on: link, to: destination)
    case .keyLog(let line): writeKeyLog(line)
    case .streamOpened(let stream, let peer, let protocolName):
      client?.streamOpened(stream, peer: peer, protocolName: protocolName)
    case .streamData(let stream, let data): client?.streamReceived(data, on: stream)
    case .streamFinished(let stream): client?.streamFinished(stream)
    case .streamClosed(let stream, let code): client?.streamClosed(stream, resetCode: code)
    case .streamWritable(let stream): client?.streamWritable(stream)
    case .stopped: nodeStopped()
    }
  }

  private func resolve(_ id: ResolutionID, _ question: Resolution) {
    counters.lookups += 1
    resolver.resolve(question).assumeIsolated().whenSuccess { [weak self] answer in
      guard let self else { return }
      if case .stopped = phase { return }
      if case .failed = answer { counters.lookupsFailed += 1 }
      turn { node, now in node.resolved(id, answer, at: now) }
    }
  }
}

extension NodeShell: NIOScheduledCallbackHandler {
  package func handleScheduledCallback(eventLoop: some EventLoop) {
    timer.fired()
    turn { node, now in
      let wallClockMs = WallClock.nowMs
      node.setWallClock(ms: wallClockMs, at: now)
      noticeSleep(wallClockMs: wallClockMs, at: now)
      node.advance(to: now)
    }
  }
}
