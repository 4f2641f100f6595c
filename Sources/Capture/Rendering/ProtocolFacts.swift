import Chat
import GossipSub
import Identify
import Identity
import NIOCore
import Wire

// What streams carry.

extension Identify.Message: Fact {
  var kind: String { "message" }

  var text: String {
    let agent = agentVersion.map { "agent " + Printable.text($0, bytesMax: 64) } ?? "no agent"
    let addresses = listenAddrs.map(\.description).joined(separator: " ")
    let names = protocols.map(\.rawValue).joined(separator: " ")
    let observed = observedAddr.map { ", sees \($0)" } ?? ""
    let record = signedPeerRecord == nil ? "" : ", signed record"
    return "identify: \(agent)\(observed), listens on [\(addresses)], speaks [\(names)]\(record)"
  }

  func describe(in line: inout JSONLine) {
    line.add("agent", agentVersion)
    line.add("protocolVersion", protocolVersion)
    line.add("listenAddrs", listenAddrs.map(\.description))
    line.add("observedAddr", observedAddr?.description)
    line.add("protocols", protocols.map(\.rawValue))
    line.add("signedRecord", signedPeerRecord != nil)
  }
}

extension PingFact: Fact {
  private var parts: (kind: String, number: Int) {
    switch self {
    case .request(let number): ("request", number)
    case .echo(let number, _): ("echo", number)
    case .wrongEcho(let number): ("wrongEcho", number)
    }
  }

  var kind: String { parts.kind }

  var text: String {
    switch self {
    case .request(let number): "ping \(number)"
    case .echo(let number, let nanoseconds):
      "ping \(number) comes back, after \(Text.milliseconds(nanoseconds)) ms"
    case .wrongEcho(let number): "ping \(number) comes back changed"
    }
  }

  func describe(in line: inout JSONLine) {
    line.add("number", parts.number)
    if case .echo(_, let nanoseconds) = self {
      line.add("rttMs", milliseconds: UInt64(clamping: nanoseconds))
    }
  }
}

extension GossipFact: Fact {
  private var parts: (kind: String, topic: Topic?, ids: [MessageID]?) {
    switch self {
    case .subscribed(let topic): ("subscribed", topic, nil)
    case .unsubscribed(let topic): ("unsubscribed", topic, nil)
    case .published(let message): ("published", message.topic, nil)
    case .ihave(let topic, let ids): ("ihave", topic, ids)
    case .iwant(let ids): ("iwant", nil, ids)
    case .graft(let topic): ("graft", topic, nil)
    case .prune(let topic, _, _): ("prune", topic, nil)
    case .idontwant(let ids): ("idontwant", nil, ids)
    }
  }

  var kind: String { parts.kind }

  var text: String {
    let parts = parts
    let topic = parts.topic.map { " " + Printable.text($0.description, bytesMax: 64) } ?? ""
    switch self {
    case .subscribed: return "subscribes to\(topic)"
    case .unsubscribed: return "leaves\(topic)"
    case .published(let message): return "publishes on\(topic): \(message.text)"
    case .ihave, .iwant, .idontwant:
      let ids = parts.ids ?? []
      let shown = ids.prefix(3).map(\.shown).joined(separator: " ") + (ids.count > 3 ? " …" : "")
      return "\(parts.kind.uppercased())\(topic), \(ids.count) messages: \(shown)"
    case .graft: return "GRAFT\(topic)"
    case .prune(_, let offers, let seconds):
      return "PRUNE\(topic), backoff \(seconds) s" + (offers > 0 ? ", offers \(offers) peers" : "")
    }
  }

  func describe(in line: inout JSONLine) {
    line.add("topic", parts.topic?.description)
    if let ids = parts.ids { line.add("ids", ids.map(\.description)) }
    switch self {
    case .published(let message): message.describe(in: &line)
    case .prune(_, let offers, let seconds):
      line.add("offers", offers)
      line.add("backoffSeconds", seconds)
    case .subscribed, .unsubscribed, .ihave, .iwant, .graft, .idontwant: break
    }
  }
}

extension RecordedMessage {
  /// What a chat client would show: the text itself, or that of a room's envelope.
  package var words: String? {
    if let room = RoomName.room(ofTopic: topic.description), room != RoomName.global, let author,
      let sequence,
      let content = try? RoomForm.decode(
        ByteBuffer(bytes: data), room: room, author: author, gossipSequence: sequence)
    {
      return content.text
    }
    return String(validating: data, as: UTF8.self)
  }

  fileprivate var text: String {
    let body = words.map { "“\(Printable.text($0, bytesMax: 256))”" } ?? Text.bytes(data.count, data)
    let by = author.map { Text.short($0) } ?? "nobody"
    let number = sequence.map { " #\($0)" } ?? ""
    switch judgement {
    case .valid: return "\(body) by \(by)\(number)"
    case .unverifiable: return "\(body) by \(by)\(number), unverifiable"
    case .invalid(let flaw): return "\(body) by \(by)\(number), INVALID: \(flaw)"
    }
  }

  fileprivate func describe(in line: inout JSONLine) {
    line.add("author", author?.description)
    // As text: most programs' numbers cannot hold it.
    line.add("seqno", sequence.map { String($0) })
    line.add("text", words)
    line.add("data", Text.hexadecimal(data))
    switch judgement {
    case .valid: line.add("signature", "valid")
    case .unverifiable: line.add("signature", "unverifiable")
    case .invalid(let flaw): line.add("signature", "\(flaw)")
    }
  }
}

extension MessageID {
  /// Short, as text where it is text (Rust's form), from its end where messages of one author differ.
  fileprivate var shown: String {
    let text = String(validating: bytes, as: UTF8.self).flatMap { Printable.isPrintable($0) ? $0 : nil }
    let whole = text ?? description
    return whole.count > 12 ? "…" + whole.suffix(12) : whole
  }
}

extension ChatFact: Fact {
  var kind: String {
    switch self {
    case .message: "message"
    case .acknowledgement: "acknowledgement"
    }
  }

  var text: String {
    switch self {
    case .message(let message):
      let words = message.text.map { "“\(Printable.text($0, bytesMax: 256))”" } ?? "of an unknown kind"
      return "direct message #\(message.sequence) \(message.id.prefix(8)): \(words)"
    case .acknowledgement(let id, .kept): return "has kept \(id.prefix(8))"
    case .acknowledgement(let id, .refused(let reason)): return "refuses \(id.prefix(8)): \(reason)"
    }
  }

  func describe(in line: inout JSONLine) {
    switch self {
    case .message(let message):
      line.add("id", message.id)
      line.add("sequence", message.sequence)
      if let sent = message.sentMs { line.add("sentMs", sent) }
      line.add("text", message.text)
    case .acknowledgement(let id, let acknowledgement):
      line.add("id", id)
      line.add("kept", acknowledgement == .kept)
      if case .refused(let reason) = acknowledgement { line.add("reason", reason) }
    }
  }
}

extension PerfFact: Fact {
  var kind: String {
    switch self {
    case .requested: "requested"
    case .ended: "ended"
    }
  }

  var text: String {
    switch self {
    case .requested(let upload, let download):
      "perf: " + (upload.map { "\($0) bytes up, " } ?? "") + "\(download) bytes down"
    case .ended(let bytes): "perf: \(bytes) bytes sent"
    }
  }

  func describe(in line: inout JSONLine) {
    switch self {
    case .requested(let upload, let download):
      if let upload { line.add("uploadBytes", upload) }
      line.add("downloadBytes", download)
    case .ended(let bytes): line.add("bytes", bytes)
    }
  }
}

extension OpaqueBytes: Fact {
  var kind: String { "bytes" }
  var text: String { Text.bytes(count, beginning) }

  func describe(in line: inout JSONLine) {
    line.add("bytes", count)
    line.add("beginning", Text.hexadecimal(beginning))
  }
}
