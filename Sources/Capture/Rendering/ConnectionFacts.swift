import Identify
import Identity
import Noise
import Wire

// TCP, multistream-select, Noise, Yamux.

extension TCPFact: Fact {
  var kind: String {
    switch self {
    case .syn: "syn"
    case .synAck: "synAck"
    case .simultaneousOpen: "simultaneousOpen"
    case .simultaneouslyOpened: "simultaneouslyOpened"
    case .fin: "fin"
    case .reset: "reset"
    }
  }

  var text: String {
    switch self {
    case .syn(let isRepeated): isRepeated ? "TCP SYN, again" : "TCP SYN"
    case .synAck(let isRepeated): isRepeated ? "TCP SYN-ACK, again" : "TCP SYN-ACK"
    case .simultaneousOpen: "TCP simultaneous open: this SYN has crossed the other"
    case .simultaneouslyOpened(bothAnswered: true):
      "TCP is open, a simultaneous open: both have answered the other's SYN"
    case .simultaneouslyOpened(bothAnswered: false):
      "TCP is open, a simultaneous open at one end: only one had the other's SYN in time"
    case .fin: "TCP FIN"
    case .reset(let isRefusal): isRefusal ? "TCP RST, before the connection was open" : "TCP RST"
    }
  }

  func describe(in line: inout JSONLine) {
    switch self {
    case .syn(let isRepeated), .synAck(let isRepeated): line.add("repeated", isRepeated)
    case .simultaneouslyOpened(let bothAnswered): line.add("bothAnswered", bothAnswered)
    case .reset(let isRefusal): line.add("refusal", isRefusal)
    case .simultaneousOpen, .fin: break
    }
  }
}

extension UDPFact: Fact {
  var kind: String { "datagram" }
  var text: String { "UDP, \(bytes) bytes" }
  func describe(in line: inout JSONLine) { line.add("bytes", bytes) }
}

extension MultistreamFact: Fact {
  private var parts: (kind: String, text: String, level: Level, name: String?) {
    switch self {
    case .header(let level): ("header", "speaks multistream-select", level, nil)
    case .proposed(let level, let name): ("proposed", "proposes ", level, name.rawValue)
    case .accepted(let level, let name): ("accepted", "accepts ", level, name.rawValue)
    case .rejected(let level, let name): ("rejected", "rejects ", level, name.rawValue)
    }
  }

  var kind: String { parts.kind }

  var text: String {
    let parts = parts
    guard let name = parts.name else { return "\(parts.text), for the \(parts.level.rawValue)" }
    return parts.text + Printable.text(name, bytesMax: 128)
  }

  func describe(in line: inout JSONLine) {
    line.add("level", parts.level.rawValue)
    line.add("name", parts.name)
  }
}

extension NoiseFact: Fact {
  var kind: String {
    switch self {
    case .handshake: "handshake"
    case .sealed: "sealed"
    }
  }

  var text: String {
    switch self {
    case .sealed(let bytes): return "Noise message of \(bytes) bytes, sealed"
    case .handshake(let message, let bytes, let introduction):
      let about = "Noise \(message), \(bytes) bytes"
      guard let introduction else { return about }
      let muxers = introduction.muxers.map(\.rawValue).joined(separator: " ")
      let offer = muxers.isEmpty ? "" : ", offers " + Printable.text(muxers, bytesMax: 128)
      return "\(about): is \(introduction.peer)\(offer)"
    }
  }

  func describe(in line: inout JSONLine) {
    switch self {
    case .sealed(let bytes): line.add("bytes", bytes)
    case .handshake(let message, let bytes, let introduction):
      line.add("message", message.number)
      line.add("bytes", bytes)
      line.add("peer", introduction?.peer.description)
      if let introduction { line.add("muxers", introduction.muxers.map(\.rawValue)) }
    }
  }
}

extension HandshakeMessage {
  fileprivate var number: Int {
    switch self {
    case .first: 1
    case .reply: 2
    case .final: 3
    }
  }
}

extension YamuxFact: Fact {
  private var parts: (kind: String, text: String, value: (name: String, number: UInt32)?) {
    switch self {
    case .opened: ("opened", "opens the stream", nil)
    case .acknowledged: ("acknowledged", "acknowledges the stream", nil)
    case .finished: ("finished", "finishes its side", nil)
    case .reset(let code): ("reset", "resets the stream", ("code", code))
    case .window(let bytes): ("window", "gives window", ("bytes", bytes))
    case .ping(let value): ("ping", "yamux ping", ("value", value))
    case .pong(let value): ("pong", "yamux pong", ("value", value))
    case .goAway(let code): ("goAway", "yamux go away", ("code", code))
    }
  }

  var kind: String { parts.kind }

  var text: String {
    let parts = parts
    guard let value = parts.value else { return parts.text }
    return "\(parts.text), \(value.name) \(value.number)"
  }

  func describe(in line: inout JSONLine) {
    if let value = parts.value { line.add(value.name, value.number) }
  }
}
