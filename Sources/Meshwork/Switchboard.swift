import Chat
import Identity
import Logging
import NIOCore
import Node
import Presence
import Runtime
import SansIO
import Wire

/// Connects what the node says to the tasks that wait for it: answers by ticket, events by number, bytes by
/// stream.
///
/// Lives on the node's event loop, between the shell and the actor, and is called by both.
final class Switchboard {
  typealias Ticket = UInt64
  typealias Handler = @Sendable (MeshStream) async -> Void

  unowned let shell: NodeShell
  /// The actor owns the shell, which owns nobody.
  weak var node: MeshNode?

  private let logger: Logger
  private var lastTicket: Ticket = 0
  private var answers: [Ticket: CheckedContinuation<Node.Answer, any Error>] = [:]
  private var watchers: [Ticket: CheckedContinuation<Void, Never>] = [:]
  /// Whoever wrote a message and waits until it is kept.
  private var keepers: [MessageKey: () -> Void] = [:]
  private var observers: [(Event?) -> Void] = []
  private var log = EventLog()
  private var isClosed = false

  var handlers: [ProtocolName: Handler] = [:]
  var streams: [StreamHandle: StreamState] = [:]

  init(shell: NodeShell, logger: Logger) {
    self.shell = shell
    self.logger = logger
  }

  func nextTicket() -> Ticket {
    lastTicket += 1
    return lastTicket
  }

  // MARK: Requests

  func ask(
    _ command: (Node, Instant) -> RequestID, _ ticket: Ticket,
    _ continuation: CheckedContinuation<Node.Answer, any Error>
  ) {
    answers[ticket] = continuation
    shell.request(command) { [weak self] answer in self?.answered(ticket, answer) }
  }

  func cancel(_ ticket: Ticket) {
    answers.removeValue(forKey: ticket)?.resume(throwing: CancellationError())
  }

  private func answered(_ ticket: Ticket, _ answer: Node.Answer) {
    let continuation = answers.removeValue(forKey: ticket)
    if case .streamOpened(let stream, _) = answer {
      // Before the task runs: the peer's first bytes may follow in this very turn.
      if continuation == nil { shell.reset(stream, code: 0) } else { streams[stream] = StreamState() }
    }
    continuation?.resume(returning: answer)
  }

  /// Calls when a message of ours has been kept, or the node is closed.
  func whenKept(_ key: MessageKey, _ done: @escaping () -> Void) {
    if isClosed { done() } else { keepers[key] = done }
  }

  // MARK: Events

  var lastEvent: UInt64 { log.last }

  func record(_ payload: Event.Payload) {
    let event = log.append(payload, timeMs: WallClock.nowMs)
    for observer in observers { observer(event) }
    wakeWatchers()
  }

  func event(after sequence: UInt64) -> Event? {
    log.event(after: sequence, timeMs: WallClock.nowMs)
  }

  /// Calls with every event from the oldest kept on, and with nil after the last.
  func observe(_ observer: @escaping (Event?) -> Void) {
    var seen: UInt64 = 0
    while let event = event(after: seen) {
      observer(event)
      seen = event.sequence
    }
    if isClosed { observer(nil) } else { observers.append(observer) }
  }

  /// Resumes at the next event, or at once when there will be none.
  func watch(_ ticket: Ticket, _ continuation: CheckedContinuation<Void, Never>) {
    if isClosed { continuation.resume() } else { watchers[ticket] = continuation }
  }

  func cancelWatch(_ ticket: Ticket) {
    watchers.removeValue(forKey: ticket)?.resume()
  }

  private func wakeWatchers() {
    let waiting = watchers
    watchers.removeAll(keepingCapacity: true)
    for continuation in waiting.values { continuation.resume() }
  }

  // MARK: The end

  /// Nothing more comes from the node: everybody who waits is told.
  func close() {
    isClosed = true
    wakeWatchers()
    for observer in observers { observer(nil) }
    observers.removeAll()
    for done in keepers.values { done() }
    keepers.removeAll()
    let waiting = answers
    answers.removeAll()
    for continuation in waiting.values { continuation.resume(throwing: MeshError.shuttingDown) }
    for stream in streams.keys { streamClosed(stream, .failed(.shuttingDown)) }
    handlers.removeAll()
  }
}

extension Switchboard: NodeShellClient {
  func happened(_ event: Node.Event) {
    switch event {
    case .listening(let address):
      logger.info("listening on \(address)")
      record(.listening(address))
    case .connectionOpened(let connection):
      logger.info("connected to \(connection.peer) at \(connection.address), \(connection.direction)")
      record(.connectionOpened(ConnectionInfo(connection)))
    case .connectionClosed(let connection, let reason):
      logger.info("disconnected from \(connection.peer): \(reason)")
      record(.connectionClosed(ConnectionInfo(connection), reason: reason))
    case .identified(let peer):
      logger.debug("identified \(peer.peer): \(peer.agent ?? "no agent")")
      record(.identified(PeerInfo(peer)))
    case .announced(let announcement):
      logger.debug("said \(announcement.rawValue)")
      record(.presenceSent(Event.Announcement(announcement)))
    case .peerOnline(let peer, let life):
      logger.info("\(peer) is online, by \(life.rawValue)")
      record(.peerOnline(peer, via: Event.Life(life)))
    case .peerOffline(let peer, let reason, let silence):
      logger.info("\(peer) is offline, \(reason.rawValue), silent for \(silence)")
      record(.peerOffline(peer, reason: Event.OfflineReason(reason), silence: silence))
    case .messageKept(let key):
      keepers.removeValue(forKey: key)?()
    case .messageReceived(let message):
      // Not the text: a log is read by others than the room.
      logger.debug("message \(message.key.id) from \(message.key.author)")
      record(.messageReceived(ChatMessage(message)))
    case .messageState(let key, let state):
      logger.debug("message \(key.id) is \(state)")
      record(.messageState(id: key.id, ChatMessage.State(state)))
    case .messagesMissing(let room, let author, let missing):
      logger.info("messages \(missing) of \(author) in \(room) have not come")
      record(.messagesMissing(room: room, author: author, missing))
    case .reservation(let relay, let state):
      let reservation = Event.Reservation(relay, state)
      logger.info(
        "reservation at \(relay): \(reservation.state.rawValue)\(reservation.reason.map { ", \($0)" } ?? "")")
      record(.reservation(reservation))
    case .reachability(let reachability, let addresses):
      let reachability = NodeInfo.Reachability(reachability)
      logger.info("reachability: \(reachability.rawValue)")
      record(.reachability(reachability, addresses))
    case .upgrade(let outcome):
      let punch = Event.HolePunch(outcome)
      let reason = punch.reason.map { ", \($0)" } ?? ""
      logger.info("direct to \(punch.peerID): attempt \(punch.attempt) \(punch.outcome.rawValue)\(reason)")
      record(.holePunch(punch))
    case .drained:
      logger.info("drained: nothing is relayed any more")
      record(.drained)
    case .warning(let text, let detail):
      logger.warning("\(text): \(detail)")
      record(.warning(text: text, detail: detail))
    }
  }

  func streamOpened(_ stream: StreamHandle, peer: PeerID, protocolName: ProtocolName) {
    guard let node, let handler = handlers[protocolName] else { return shell.reset(stream, code: 0) }
    streams[stream] = StreamState()
    let stream = MeshStream(
      stream, peer: peer, protocolName: protocolName.rawValue, direction: .inbound, node: node)
    Task {
      await handler(stream)
      stream.finish()
    }
  }

  func streamReceived(_ data: ByteBuffer, on stream: StreamHandle) {
    receive(data, on: stream)
  }

  func streamFinished(_ stream: StreamHandle) {
    end(stream, .finished)
  }

  func streamClosed(_ stream: StreamHandle, resetCode: UInt32?) {
    streamClosed(
      stream, .failed(resetCode.map(MeshError.streamReset) ?? .connectionLost("the stream is gone")))
  }

  func streamWritable(_ stream: StreamHandle) {
    if let state = streams[stream] { advanceWriters(state, of: stream) }
  }
}
