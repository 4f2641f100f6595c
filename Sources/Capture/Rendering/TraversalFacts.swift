import AutoNAT
import Identity
import Wire

extension PunchFact: Fact {
  var kind: String {
    switch self {
    case .connect: "connect"
    case .sync: "sync"
    }
  }

  private var after: Int64? {
    switch self {
    case .connect(_, let after), .sync(let after): after
    }
  }

  var text: String {
    let wait = after.map { ", after \(Text.milliseconds($0)) ms" } ?? ""
    switch self {
    case .connect(let addresses, _):
      return "hole punch: CONNECT, may be reached at [\(addresses.words)]\(wait)"
    case .sync: return "hole punch: SYNC, both dial now\(wait)"
    }
  }

  func describe(in line: inout JSONLine) {
    if case .connect(let addresses, _) = self { line.add("addrs", addresses.map(\.description)) }
    if let after { line.add("afterMs", milliseconds: UInt64(clamping: after)) }
  }
}

extension AutoNATFact: Fact {
  var kind: String {
    switch self {
    case .v1(.dial), .v2(.dialRequest): "question"
    case .v1(.response), .v2(.dialResponse): "answer"
    case .v2(.dialDataRequest): "dataWanted"
    case .v2(.dialData): "data"
    case .dialBack: "dialBack"
    case .dialBackTaken: "dialBackTaken"
    }
  }

  var text: String {
    switch self {
    case .v1(.dial(_, let addresses)): "asks whether it can be reached at any of [\(addresses.words)]"
    case .v1(.response(let status, let address)):
      status == .ok
        ? "has reached it" + (address.map { " at \($0)" } ?? "") : "has not reached it: \(status)"
    case .v2(.dialRequest(let addresses, let nonce)):
      "asks at which of [\(addresses.map { $0?.description ?? "?" }.joined(separator: " "))] "
        + "it can be reached, nonce \(nonce)"
    case .v2(.dialResponse(let response)): response.words
    case .v2(.dialDataRequest(let index, let bytes)):
      "wants \(bytes) bytes before it dials address \(UInt64(index) + 1)"
    case .v2(.dialData(let bytes)): "sends \(bytes) bytes for the dial"
    case .dialBack(let nonce): "dials back, nonce \(nonce)"
    case .dialBackTaken(let isTaken): isTaken ? "takes the dial-back" : "does not take the dial-back"
    }
  }

  func describe(in line: inout JSONLine) {
    switch self {
    case .v1(.dial(let peer, let addresses)):
      line.add("peer", peer?.description)
      line.add("addrs", addresses.map(\.description))
    case .v1(.response(let status, let address)):
      line.add("status", status.description)
      line.add("addr", address?.description)
    case .v2(.dialRequest(let addresses, let nonce)):
      line.add("addrs", addresses.map { $0?.description ?? "" })
      line.add("nonce", String(nonce))
    case .v2(.dialResponse(let response)):
      line.add("status", response.status.words)
      if response.status == .ok {
        line.add("index", response.index)
        line.add("dial", response.dialStatus.words)
      }
    case .v2(.dialDataRequest(let index, let bytes)):
      line.add("index", index)
      line.add("bytes", bytes)
    case .v2(.dialData(let bytes)): line.add("bytes", bytes)
    case .dialBack(let nonce): line.add("nonce", String(nonce))
    case .dialBackTaken(let isTaken): line.add("taken", isTaken)
    }
  }
}

extension V2Message.DialResponse {
  fileprivate var words: String {
    switch (status, dialStatus) {
    case (.ok, .ok): "has reached address \(UInt64(index) + 1)"
    case (.ok, _): "has not reached address \(UInt64(index) + 1): \(dialStatus.words)"
    default: "does not answer the question: \(status.words)"
    }
  }
}

extension V2Message.Status {
  fileprivate var words: String {
    switch self {
    case .internalError: "internal error"
    case .requestRejected: "request rejected"
    case .dialRefused: "it will dial none of them"
    case .ok: "ok"
    case .other(let code): "status \(code)"
    }
  }
}

extension V2Message.DialStatus {
  fileprivate var words: String {
    switch self {
    case .unused: "not dialled"
    case .dialError: "no connection"
    case .dialBackError: "a connection, but no dial-back on it"
    case .ok: "ok"
    case .other(let code): "status \(code)"
    }
  }
}

extension [Multiaddr] {
  fileprivate var words: String { map(\.description).joined(separator: " ") }
}
