import Meshwork

/// Answers the calls that are the node's to answer.
struct ControlService: Sendable {
  /// What a call does to the connection it came over, once its answer is on the way.
  enum Effect: Equatable, Sendable {
    case shutdown
    /// Send the events that follow this one, from the oldest kept on.
    case events(after: UInt64)
  }

  /// The newest event's number and the number of the newest one that is no longer kept.
  struct EventRange: Equatable, Sendable {
    var newest: UInt64
    var forgotten: UInt64
  }

  struct Outcome: Equatable, Sendable {
    var result: Result<JSONValue, RPCError>
    var effect: Effect? = nil
  }

  static let pingsMax: Int64 = 1000

  let node: any ControlledNode

  func answer(_ call: RPCCall, events: EventRange) async -> Outcome {
    do throws(RPCError) {
      let method = try ControlMethod(named: call.method)
      let arguments = try RPCArguments(call, names: method.parameterNames)
      switch method {
      case .eventsSubscribe:
        return try subscribe(arguments, events)
      case .nodeShutdown:
        return Outcome(result: .success(.null), effect: .shutdown)
      case .nodeInfo, .nodeRefresh, .peersList, .peersConnect, .peersDisconnect, .peersPing:
        return Outcome(result: .success(try await ask(method, arguments)))
      case .chatSend, .chatHistory, .chatSearch, .chatList, .chatJoin, .chatLeave:
        return Outcome(result: .success(try await chat(method, arguments)))
      }
    } catch {
      return Outcome(result: .failure(error))
    }
  }

  private func ask(_ method: ControlMethod, _ arguments: RPCArguments) async throws(RPCError) -> JSONValue {
    switch method {
    case .nodeInfo:
      return await node.nodeReport().json
    case .nodeRefresh:
      await node.refresh()
      return .null
    case .peersList:
      return .array(await node.peerReports().map(\.json))
    case .peersConnect:
      let address = try Self.address(arguments, "addr")
      return try await Self.attempt { try await node.connectReport(to: address).json }
    case .peersDisconnect:
      let peer = try Self.peer(arguments, "peerId")
      return try await Self.attempt {
        try await node.disconnect(peer)
        return .null
      }
    case .peersPing:
      let peer = try Self.peer(arguments, "peerId")
      let count = Int(try arguments.whole("count", in: 1...Self.pingsMax, default: 1))
      return try await Self.attempt {
        let roundTrips = try await node.ping(peer, count: count)
        return ["rttMs": .array(roundTrips.map { .number($0.milliseconds) })]
      }
    case .nodeShutdown, .eventsSubscribe, .chatSend, .chatHistory, .chatSearch, .chatList, .chatJoin,
      .chatLeave:
      preconditionFailure("\(method.rawValue) is not the node's to answer")
    }
  }

  private func subscribe(_ arguments: RPCArguments, _ events: EventRange) throws(RPCError) -> Outcome {
    let newest = Int64(clamping: events.newest)
    let after = try arguments.whole("after", in: 0...Int64.max, default: newest)
    guard after <= newest else {
      throw .invalidParams(
        "\"after\" is \(after), but this node's newest event is \(newest): it was restarted since; "
          + "subscribe with \"after\":0")
    }
    let first = max(UInt64(after), events.forgotten)
    return Outcome(
      result: .success([
        "newest": .integer(newest),
        // So many were asked for and are no longer kept.
        "missed": .integer(Int64(clamping: first) - after),
      ]),
      effect: .events(after: first))
  }

  // MARK: Helpers

  private static func address(_ arguments: RPCArguments, _ name: String) throws(RPCError) -> Multiaddr {
    let text = try arguments.text(name)
    do {
      return try Multiaddr(text)
    } catch {
      throw .invalidParams("\"\(name)\": \(AddressText.complaint(text, error))")
    }
  }

  static func peer(_ arguments: RPCArguments, _ name: String) throws(RPCError) -> PeerID {
    let text = try arguments.text(name)
    do {
      return try PeerID(text)
    } catch {
      throw .invalidParams("\"\(name)\": \"\(text.prefix(128))\" is not a PeerID: \(error)")
    }
  }

  static func attempt(_ body: () async throws -> JSONValue) async throws(RPCError) -> JSONValue {
    do {
      return try await body()
    } catch {
      throw .failed("\(error)")
    }
  }
}
