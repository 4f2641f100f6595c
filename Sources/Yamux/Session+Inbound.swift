import DequeModule
import NIOCore
import SansIO

// What frames from the peer do. Every check on a number comes before the number is used.
extension Session {
  mutating func frameReceived(_ frame: Frame) throws(YamuxError) {
    isBodyCharged = false
    switch frame.kind {
    case .data, .windowUpdate:
      guard frame.stream != .session else { throw .streamFrameForSession }
      if frame.flags.contains(.syn) {
        try openingReceived(frame)
      } else {
        try streamFrameReceived(frame)
      }
    case .ping:
      guard frame.stream == .session else { throw .sessionFrameForStream(frame.stream) }
      pingReceived(frame)
    case .goAway:
      guard frame.stream == .session else { throw .sessionFrameForStream(frame.stream) }
      if !remoteGoAway {
        remoteGoAway = true
        events.append(.goAway(code: frame.length))
      }
    }
  }

  /// A piece of a data frame. Its stream may have gone in the meantime, or come: then the body is still for
  /// nobody, for its header was judged without the stream.
  mutating func bodyReceived(_ slice: ByteBuffer, of frame: Frame, isLast: Bool) -> Event? {
    guard isBodyCharged, let slot = streams.slot(of: frame.stream),
      streams[slot].state.dataReceived() == .deliver
    else {
      drops.lateBytes &+= UInt64(slice.readableBytes)
      return nil
    }
    if isLast && frame.flags.contains(.fin) { finishReceived(at: slot) }
    return .data(frame.stream, slice)
  }

  // MARK: Opening

  private mutating func openingReceived(_ frame: Frame) throws(YamuxError) {
    let id = frame.stream
    guard !isOurs(id) else { throw .wrongParity(id) }
    guard streams.slot(of: id) == nil else { throw .duplicateStream(id) }
    var stream = Stream(id, .inbound, now: now)
    // CVE-2026-32314: the first frame is held to the initial window before there is a stream.
    try Session.charge(frame, to: &stream)

    switch usedIdentifiers.opened(id) {
    case .fresh: break
    case .used: throw .reusedStream(id)
    case .tooOld: return try refuse(id)
    }
    if frame.flags.contains(.rst) { return try noteAborted() }
    guard streams.count < configuration.streamsMax, inboundCount < configuration.inboundStreamsMax,
      inboundUnacknowledged < configuration.ackBacklogMax, localGoAway == .none
    else { return try refuse(id) }

    let slot = streams.insert(stream)
    schedule.update(slot, &streams[slot])
    unreadBytes += Int(streams[slot].receiveWindow.unreadBytes)
    isBodyCharged = true
    inboundCount += 1
    inboundUnacknowledged += 1
    events.append(.opened(id))
    if frame.kind == .data && frame.length > 0 {
      liveness.measure(at: now, configuration)
    } else if frame.flags.contains(.fin) {
      finishReceived(at: slot)
    }
  }

  private mutating func refuse(_ id: StreamID) throws(YamuxError) {
    try noteAborted()
    guard refusals.count < configuration.refusalsMax else { throw .tooManyRefusals }
    refusals.append(id)
    drops.refusedStreams &+= 1
  }

  private mutating func noteAborted() throws(YamuxError) {
    guard abortedStreams.take(at: now) else { throw .tooManyAbortedStreams }
  }

  // MARK: Streams we have

  private mutating func streamFrameReceived(_ frame: Frame) throws(YamuxError) {
    let id = frame.stream
    // A frame for an unknown stream most likely crossed our RST or FIN. It is never answered: an RST for it
    // could overtake frames of ours and cut the peer's reading short (the Rust implementation found out).
    guard let slot = streams.slot(of: id) else {
      drops.lateFrames &+= 1
      return
    }
    let before = streams[slot].state
    switch streams[slot].state.frameReceived() {
    case .acknowledged: settleHandshake(before, of: id)
    case .known: break
    case .unannounced:
      drops.lateFrames &+= 1
      return
    case .late:
      drops.lateFrames &+= 1
      if frame.flags.contains(.rst) { try resetReceived(frame, at: slot) }
      return
    }
    if frame.flags.contains(.rst) { return try resetReceived(frame, at: slot) }
    let unreadBefore = streams[slot].receiveWindow.unreadBytes
    try Session.charge(frame, to: &streams[slot])
    unreadBytes += Int(streams[slot].receiveWindow.unreadBytes - unreadBefore)
    isBodyCharged = true
    schedule.update(slot, &streams[slot])
    // The FIN of a frame with a body comes into effect after the body.
    if frame.kind == .data && frame.length > 0 {
      liveness.measure(at: now, configuration)
    } else if frame.flags.contains(.fin) {
      finishReceived(at: slot)
    }
  }

  /// Books a frame's length against the window it is for. Static, because a method would hold a copy of the
  /// session and with it make the table copy itself before it is changed.
  private static func charge(_ frame: Frame, to stream: inout Stream) throws(YamuxError) {
    // With RST the length is an error code, and a body is not for anybody.
    if frame.flags.contains(.rst) || frame.length == 0 { return }
    if frame.kind == .windowUpdate {
      guard stream.sendWindow.grant(frame.length) else {
        throw .creditOverflow(frame.stream, window: stream.sendWindow.credit, credit: frame.length)
      }
      return
    }
    switch stream.state.dataReceived() {
    case .deliver: break
    case .afterFinish: throw .dataAfterFinish(frame.stream)
    case .drop: return
    }
    guard stream.receiveWindow.spend(frame.length) else {
      throw .windowExceeded(frame.stream, length: frame.length, window: stream.receiveWindow.credit)
    }
  }

  private mutating func finishReceived(at slot: StreamTable.Slot) {
    let id = streams[slot].id
    switch streams[slot].state.finishReceived() {
    case .halfClosed:
      events.append(.remoteFinished(id))
      schedule.update(slot, &streams[slot])
    case .closed:
      remove(slot)
      events.append(.remoteFinished(id))
      events.append(.closed(id))
    case .ignore:
      drops.lateFrames &+= 1
    }
  }

  private mutating func resetReceived(_ frame: Frame, at slot: StreamTable.Slot) throws(YamuxError) {
    let id = frame.stream
    let before = streams[slot].state
    switch streams[slot].state.resetReceived() {
    case .reset:
      settleHandshake(before, of: id)
      remove(slot)
      events.append(.reset(id, code: frame.kind == .windowUpdate ? frame.length : 0))
      events.append(.closed(id))
      if !isOurs(id) { try noteAborted() }
    case .crossed:
      remove(slot)
      if !isOurs(id) { try noteAborted() }
    case .ignore: break
    }
  }

  // MARK: Pings

  private mutating func pingReceived(_ frame: Frame) {
    if frame.flags.contains(.syn) {
      guard pongs.count < configuration.pongsMax else {
        drops.unansweredPings &+= 1
        return
      }
      pongs.append(frame.length)
    } else {
      switch liveness.pongReceived(frame.length, at: now) {
      case .measured(let roundTrip): events.append(.roundTrip(roundTrip))
      case .unexpected: drops.unexpectedPongs &+= 1
      }
    }
  }
}
