import DequeModule
package import NIOCore

// What a session writes: control frames first, then streams in turn, then a go away nobody should have to
// wait behind.
extension Session {
  /// True when a drain with room would write something.
  package var hasOutbound: Bool {
    if case .failed = phase { return owesGoAway }
    return owesGoAway || liveness.owesPing || !pongs.isEmpty || !refusals.isEmpty
      || schedule.hasControl || schedule.hasReady
  }

  private var owesGoAway: Bool {
    if case .owed = localGoAway { true } else { false }
  }

  /// Appends at most `maxBytes` of whole frames to `wire`; false when there was nothing to write or no room
  /// for it. Room for less than a header and a byte of data is room for control frames only.
  package mutating func drainOutbound(into wire: inout ByteBuffer, maxBytes: Int) -> Bool {
    let start = wire.writerIndex
    let end = start + min(max(0, maxBytes), Int.max - start)
    if case .running = phase {
      drainSessionControl(into: &wire, end: end)
      drainStreamControl(into: &wire, end: end)
      drainData(into: &wire, start: start, end: end)
      // The last byte of a finishing stream makes its FIN due.
      drainStreamControl(into: &wire, end: end)
    }
    drainGoAway(into: &wire, end: end)
    return wire.writerIndex > start
  }

  private func hasRoom(_ wire: borrowing ByteBuffer, _ end: Int) -> Bool {
    end - wire.writerIndex >= Frame.headerBytes
  }

  private mutating func drainSessionControl(into wire: inout ByteBuffer, end: Int) {
    while hasRoom(wire, end), let value = pongs.popFirst() {
      Frame(.ping, .ack, length: value).encode(into: &wire)
    }
    if hasRoom(wire, end), liveness.owesPing {
      Frame(.ping, .syn, length: liveness.sent(at: now)).encode(into: &wire)
    }
    while hasRoom(wire, end), let id = refusals.popFirst() {
      Frame(.windowUpdate, .rst, stream: id, length: configuration.refusalCode).encode(into: &wire)
    }
  }

  private mutating func drainStreamControl(into wire: inout ByteBuffer, end: Int) {
    while hasRoom(wire, end), let slot = schedule.nextControl {
      schedule.turnControl(&streams[slot])
      let frame = takeControlFrame(at: slot)
      frame.encode(into: &wire)
      if streams[slot].state.phase == .closed {
        remove(slot)
        if !frame.flags.contains(.rst) { events.append(.closed(frame.stream)) }
      } else {
        schedule.update(slot, &streams[slot])
      }
    }
  }

  /// The frame a stream owes first. What else it owes follows in its next turn.
  private mutating func takeControlFrame(at slot: StreamTable.Slot) -> Frame {
    let id = streams[slot].id
    if let code = streams[slot].state.resetCodeOwed {
      streams[slot].state.resetSent()
      return Frame(.windowUpdate, .rst, stream: id, length: code)
    }
    if streams[slot].state.owesAnnouncement || streams[slot].owesGrant {
      let grant = streams[slot].owesGrant ? takeGrant(at: slot) : 0
      return Frame(.windowUpdate, announce(at: slot), stream: id, length: grant)
    }
    precondition(streams[slot].owesFinish, "stream \(id) owes nothing: \(streams[slot])")
    _ = streams[slot].state.finishSent()
    return Frame(.windowUpdate, .fin, stream: id)
  }

  private mutating func takeGrant(at slot: StreamTable.Slot) -> UInt32 {
    let before = streams[slot].receiveWindow.grownBytes
    let growthMax = min(
      Int(configuration.windowBytesMax - Window.initialBytes) - before,
      configuration.growthBytesMax - grownBytes)
    let grant = streams[slot].receiveWindow.takeGrant(
      at: now, roundTrip: liveness.roundTrip, growthMax: UInt32(clamping: growthMax))
    grownBytes += streams[slot].receiveWindow.grownBytes - before
    return grant
  }

  private mutating func announce(at slot: StreamTable.Slot) -> Frame.Flags {
    let flags = streams[slot].state.announce()
    if flags.contains(.ack) { inboundUnacknowledged -= 1 }
    return flags
  }

  private mutating func drainData(into wire: inout ByteBuffer, start: Int, end: Int) {
    while let slot = schedule.nextReady {
      let room = end - wire.writerIndex - Frame.headerBytes
      let sendable = streams[slot].sendableBytes
      // A sliver at the end of a full buffer is not worth a header; the next drain starts with this stream.
      if room <= 0 || (room < sendable && room < 512 && wire.writerIndex > start) { return }
      let turn = schedule.isContended ? configuration.quantumBytes : configuration.frameBytesMax
      let count = min(room, sendable, turn)
      schedule.turnReady(&streams[slot])
      let flags = announce(at: slot)
      Frame(.data, flags, stream: streams[slot].id, length: UInt32(clamping: count)).encode(into: &wire)
      streams[slot].sendWindow.spend(count)
      streams[slot].dequeue(count, into: &wire)
      schedule.update(slot, &streams[slot])
      releaseQueued(count)
      noteDrained(at: slot)
    }
  }

  private mutating func drainGoAway(into wire: inout ByteBuffer, end: Int) {
    guard case .owed(let code) = localGoAway, hasRoom(wire, end) else { return }
    if case .running = phase, schedule.hasControl || schedule.hasReady || !refusals.isEmpty { return }
    Frame(.goAway, length: code).encode(into: &wire)
    localGoAway = .sent
  }
}
