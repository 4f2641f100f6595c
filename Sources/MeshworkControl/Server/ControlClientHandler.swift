import Logging
import NIOCore

/// One client of the interface, on its server's event loop.
///
/// In: lines, whose calls run at the same time, up to a limit; beyond it, and while the client does not
/// read its answers, nothing more is read from it. Out: answers as they are ready, and the events of the
/// log after `sentThrough` whenever the connection takes more.
final class ControlClientHandler: ChannelInboundHandler {
  typealias InboundIn = ByteBuffer
  typealias OutboundOut = ByteBuffer

  enum Role: Sendable {
    /// Comes and goes; is sent the events from its arrival on.
    case guest
    /// Started the process and ends it; is sent every event.
    case controller
  }

  private let server: ControlServer
  private let role: Role
  private let limits: ControlServer.Limits
  private let logger: Logger

  private var context: ChannelHandlerContext?
  private var lines: LineSplitter
  private var inputEnded = false
  private var exchanges: [Int: Exchange] = [:]
  private var exchangesBegun = 0
  private var calls: [Int: Task<Void, Never>] = [:]
  private var callsBegun = 0
  private var writesUnderWay = 0
  private var sentThrough: UInt64 = 0
  private var idleWaiters: [EventLoopPromise<Void>] = []

  /// The calls of one line, until all are answered.
  private struct Exchange {
    let isBatch: Bool
    /// As text.
    var answers: [ByteBuffer?]
    var unanswered = 0
    var effects: [ControlService.Effect] = []
  }

  init(_ server: ControlServer, _ role: Role, _ limits: ControlServer.Limits, _ logger: Logger) {
    self.server = server
    self.role = role
    self.limits = limits
    self.logger = logger
    self.lines = LineSplitter(bytesMax: limits.lineBytes)
  }

  // MARK: The channel

  func handlerAdded(context: ChannelHandlerContext) { self.context = context }

  func handlerRemoved(context: ChannelHandlerContext) { self.context = nil }

  func channelActive(context: ChannelHandlerContext) {
    if role == .guest { sentThrough = events.newest }
    sendEvents()
    readOn()
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) { lines.receive(unwrapInboundIn(data)) }

  func channelReadComplete(context: ChannelHandlerContext) { readOn() }

  func channelWritabilityChanged(context: ChannelHandlerContext) {
    guard context.channel.isWritable else { return }
    sendEvents()
    readOn()
  }

  func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
    guard case ChannelEvent.inputClosed = event else { return context.fireUserInboundEventTriggered(event) }
    inputEnded = true
    readOn()
    if let last = lines.finish() { receive(last) }
    if role == .controller { requestShutdown("standard input has ended") }
    settle()
  }

  func channelInactive(context: ChannelHandlerContext) {
    for call in calls.values { call.cancel() }
    calls = [:]
    exchanges = [:]
    for waiter in idleWaiters { waiter.succeed() }
    idleWaiters = []
    let (client, role) = (ObjectIdentifier(self), role)
    server.assumeIsolated { $0.clientClosed(client, role) }
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    logger.debug("a client of the API is gone", metadata: ["error": "\(error)"])
    context.close(promise: nil)
  }

  // MARK: Commands of the server

  /// Sends what the log holds for this client, as far as its connection takes it.
  func sendEvents() {
    guard let context, context.channel.isActive else { return }
    guard sentThrough >= events.forgotten else {
      logger.warning(
        "closed a client of the API that did not read its events in time",
        metadata: ["sentThrough": "\(sentThrough)", "newest": "\(events.newest)"])
      context.close(promise: nil)
      return
    }
    var hasWritten = false
    while context.channel.isWritable, let next = nextEvent(after: sentThrough) {
      sentThrough = next.sequence
      write(next.line)
      hasWritten = true
    }
    if hasWritten { context.flush() } else { settle() }
  }

  /// Done when every call is answered and every event sent, or the client is gone.
  func idle() -> EventLoopFuture<Void> {
    guard let context, context.channel.isActive else { return server.loop.makeSucceededVoidFuture() }
    let promise = server.loop.makePromise(of: Void.self)
    idleWaiters.append(promise)
    settle()
    return promise.futureResult
  }

  func close() { context?.close(promise: nil) }

  // MARK: Lines in

  private var mayReceive: Bool {
    calls.count < limits.callsPerClient && context?.channel.isWritable ?? false
  }

  private func readOn() {
    while mayReceive, let line = lines.nextLine() { receive(line) }
    if mayReceive, !inputEnded { context?.read() }
  }

  private func receive(_ line: LineSplitter.Line) {
    switch line {
    case .tooLong:
      let error = RPCError.parseError(
        "a line may take \(limits.lineBytes) bytes; this one is longer, and skipped")
      begin(.rejected(error))
    case .text(let text):
      let isBlank = text.readableBytesView.allSatisfy { $0 == 0x20 || $0 == 0x0D || $0 == 0x09 }
      if !isBlank { begin(RPCMessage(line: text)) }
    }
  }

  private func begin(_ message: RPCMessage) {
    let entries: [RPCMessage.Entry]
    let isBatch: Bool
    switch message {
    case .single(let entry): (entries, isBatch) = ([entry], false)
    case .batch(let all): (entries, isBatch) = (all, true)
    }
    exchangesBegun += 1
    let number = exchangesBegun
    var exchange = Exchange(isBatch: isBatch, answers: Array(repeating: nil, count: entries.count))
    for (slot, entry) in entries.enumerated() {
      switch entry {
      case .rejected(let id, let error):
        exchange.answers[slot] = ByteBuffer(json: RPCAnswer.error(error, id: id))
      case .call(let call):
        exchange.unanswered += 1
        start(call, slot, of: number)
      }
    }
    exchanges[number] = exchange
    finishIfAnswered(number)
  }

  private func start(_ call: RPCCall, _ slot: Int, of exchange: Int) {
    callsBegun += 1
    let number = callsBegun
    let handler = NIOLoopBound(self, eventLoop: server.loop)
    let service = server.service
    let events = events
    // Immediate: the node is asked from here, on its loop, and only the answer is made elsewhere.
    calls[number] = Task.immediate {
      let outcome = await service.answer(call, events: events)
      let answer = call.id.map { ByteBuffer(json: RPCAnswer.answer(outcome.result, id: $0)) }
      handler.eventLoop.execute {
        handler.value.answered(call, number, with: outcome, answer, slot, of: exchange)
      }
    }
  }

  // MARK: Answers out

  private func answered(
    _ call: RPCCall, _ number: Int, with outcome: ControlService.Outcome, _ answer: ByteBuffer?, _ slot: Int,
    of exchange: Int
  ) {
    calls[number] = nil
    guard exchanges[exchange] != nil else { return }
    if let answer {
      exchanges[exchange]?.answers[slot] = answer
    } else if case .failure(let error) = outcome.result {
      logger.debug("a notification failed", metadata: ["method": "\(call.method)", "error": "\(error)"])
    }
    if let effect = outcome.effect { exchanges[exchange]?.effects.append(effect) }
    exchanges[exchange]?.unanswered -= 1
    finishIfAnswered(exchange)
    readOn()
  }

  private func finishIfAnswered(_ number: Int) {
    guard let exchange = exchanges[number], exchange.unanswered == 0 else { return }
    exchanges[number] = nil
    let answers = exchange.answers.compactMap { $0 }
    if var line = exchange.isBatch ? ByteBuffer(array: answers) : answers.first, !answers.isEmpty {
      line.writeInteger(UInt8(ascii: "\n"))
      write(line)
    }
    context?.flush()
    for effect in exchange.effects {
      switch effect {
      case .shutdown:
        requestShutdown("a client asked for it")
      case .events(let after):
        sentThrough = max(after, events.forgotten)
        sendEvents()
      }
    }
    settle()
  }

  private func write(_ line: ByteBuffer) {
    guard let context else { return }
    writesUnderWay += 1
    let promise = context.eventLoop.makePromise(of: Void.self)
    promise.futureResult.assumeIsolated().whenComplete { [self] _ in
      writesUnderWay -= 1
      settle()
    }
    context.write(wrapOutboundOut(line), promise: promise)
  }

  /// Whoever waits for the last byte is told; a client that asked all it wanted to ask is closed.
  private func settle() {
    guard let context, exchanges.isEmpty, writesUnderWay == 0 else { return }
    if inputEnded, role == .guest { return context.close(promise: nil) }
    guard sentThrough == events.newest else { return }
    for waiter in idleWaiters { waiter.succeed() }
    idleWaiters = []
  }

  private func nextEvent(after sequence: UInt64) -> (sequence: UInt64, line: ByteBuffer)? {
    server.assumeIsolated { $0.log.next(after: sequence) }
  }

  private var events: ControlService.EventRange { server.assumeIsolated { $0.log.events } }

  private func requestShutdown(_ reason: String) { server.assumeIsolated { $0.requestShutdown(reason) } }
}
