import NIOCore
import Wire
import Yamux

/// Both directions of a Yamux session, and the streams in it.
struct YamuxReader: Sendable {
  private var initiator = FrameDecoder()
  private var responder = FrameDecoder()
  private var streams: [StreamID: StreamReader] = [:]
  /// The highest stream of each parity so far, odd first: what is above is new, whatever came first of it.
  private var highest: (odd: UInt32, even: UInt32) = (0, 0)
  /// Directions that are no frames any more.
  private var broken: Set<Role> = []
  private(set) var heldBytes = 0

  mutating func receive(_ bytes: ByteBuffer, from side: Role, findings: inout Findings) {
    var bytes = bytes
    do throws(YamuxError) {
      while !broken.contains(side), let element = try nextElement(from: &bytes, side) {
        switch element {
        case .frame(let frame): receive(frame, from: side, findings: &findings)
        case .body(let frame, let body, let isLast):
          withStream(frame.stream, &findings) { $0.receive(body, from: side, findings: &$1) }
          if isLast { finishBody(of: frame, from: side, findings: &findings) }
        }
      }
    } catch {
      broken.insert(side)
      findings.add(.note(.malformed("yamux: \(error)")), by: side)
    }
  }

  /// Nothing more comes: what streams hold back is shown as far as it goes.
  mutating func finish(findings: inout Findings) {
    for id in streams.keys.sorted() { end(id, findings: &findings) }
  }

  var isWaitingForKeys: Bool { streams.values.contains(where: \.isWaitingForKeys) }

  /// More keys have come, for connections inside streams.
  mutating func retry(findings: inout Findings) {
    for id in streams.filter(\.value.isWaitingForKeys).keys.sorted() {
      withStream(id, &findings) { $0.retry(findings: &$1) }
      endIfOver(id, findings: &findings)
    }
  }

  private mutating func nextElement(
    from bytes: inout ByteBuffer, _ side: Role
  ) throws(YamuxError) -> FrameDecoder.Element? {
    switch side {
    case .initiator: try initiator.next(from: &bytes)
    case .responder: try responder.next(from: &bytes)
    }
  }

  // MARK: Frames

  private mutating func receive(_ frame: Frame, from side: Role, findings: inout Findings) {
    switch frame.kind {
    case .ping:
      let isAsking = frame.flags.contains(.syn)
      findings.add(.yamux(isAsking ? .ping(value: frame.length) : .pong(value: frame.length)), by: side)
    case .goAway:
      findings.add(.yamux(.goAway(code: frame.length)), by: side)
    case .data, .windowUpdate:
      guard frame.stream != .session else { return }
      begin(frame, findings: &findings)
      note(frame, from: side, findings: &findings)
      if frame.kind == .windowUpdate || frame.length == 0 {
        finishBody(of: frame, from: side, findings: &findings)
      }
    }
  }

  private mutating func begin(_ frame: Frame, findings: inout Findings) {
    let id = frame.stream
    // Each side flags the first frame it sends on a stream; only one of a connection that is not read from
    // its start has none.
    let isFlagged = !frame.flags.isDisjoint(with: [.syn, .ack])
    let isNew = isFlagged || id.rawValue > (id.isOdd ? highest.odd : highest.even)
    guard isNew, streams[id] == nil else { return }
    if id.isOdd {
      highest.odd = max(highest.odd, id.rawValue)
    } else {
      highest.even = max(highest.even, id.rawValue)
    }
    let opener: Role = id.isOdd ? .initiator : .responder
    if streams.count >= findings.limits.streamsMax { endClosed(findings: &findings) }
    guard streams.count < findings.limits.streamsMax else {
      let note = Note.limit("\(streams.count) streams are open already")
      return findings.inStream(id.rawValue, openedBy: opener) { $0.add(.note(note), by: .initiator) }
    }
    streams[id] = StreamReader(number: id.rawValue, opener: opener, at: findings.stamp)
  }

  /// What a header says beside its body. FIN and RST on a data frame come after the body.
  private mutating func note(_ frame: Frame, from side: Role, findings: inout Findings) {
    withStream(frame.stream, &findings) { stream, findings in
      if frame.flags.contains(.syn) { stream.note(.opened, by: side, findings: &findings) }
      if frame.flags.contains(.ack) { stream.note(.acknowledged, by: side, findings: &findings) }
      if frame.kind == .windowUpdate, !frame.flags.contains(.rst), frame.length > 0, findings.showsWindows {
        stream.note(.window(bytes: frame.length), by: side, findings: &findings)
      }
    }
  }

  private mutating func finishBody(of frame: Frame, from side: Role, findings: inout Findings) {
    let id = frame.stream
    if frame.flags.contains(.rst) {
      // On a window update the length is the application's code, as go-yamux has it.
      let code = frame.kind == .windowUpdate ? frame.length : 0
      // What the other side sent before it heard of this is still to be read.
      return withStream(id, &findings) { $0.reset(code: code, by: side, findings: &$1) }
    }
    guard frame.flags.contains(.fin) else { return }
    withStream(id, &findings) { $0.finished(side, findings: &$1) }
    endIfOver(id, findings: &findings)
  }

  // MARK: Streams

  private mutating func withStream(
    _ id: StreamID, _ findings: inout Findings, _ body: (inout StreamReader, inout Findings) -> Void
  ) {
    guard let index = streams.index(forKey: id) else { return }
    let before = streams.values[index].heldBytes
    body(&streams.values[index], &findings)
    heldBytes += streams.values[index].heldBytes - before
  }

  /// A connection inside may still wait for its keys.
  private mutating func endIfOver(_ id: StreamID, findings: inout Findings) {
    guard let stream = streams[id], stream.isFinished, !stream.isWaitingForKeys else { return }
    end(id, findings: &findings)
  }

  private mutating func endClosed(findings: inout Findings) {
    let closed = streams.filter { $0.value.wasReset || $0.value.isFinished }
    for (id, _) in closed.sorted(by: { $0.key < $1.key }) {
      end(id, findings: &findings)
    }
  }

  private mutating func end(_ id: StreamID, findings: inout Findings) {
    guard var stream = streams.removeValue(forKey: id) else { return }
    heldBytes -= stream.heldBytes
    stream.end(findings: &findings)
  }
}
