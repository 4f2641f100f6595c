import SansIO
import Scenario

extension Report {
  /// One column a host, time downwards, one row for each thing that happened.
  var sequence: String {
    let rows = sequenceRows
    let shown = rows.prefix(Self.rowsMax)
    let hosts = trace.plan.hosts.map(\.name)
    let drawing = SequenceDrawing(hosts: hosts, rows: shown.map { ($0.row, time($0.at)) })
    let rest =
      rows.count > shown.count
      ? "<p class=\"small\">\(rows.count - shown.count) later rows are in events.jsonl and the captures.</p>"
      : ""
    return drawing.svg + rest
  }

  /// A page of some 4 MB; browsers of phones still scroll it.
  private static let rowsMax = 3000

  private var sequenceRows: [(at: Instant, row: SequenceRow)] {
    let rows = stepRows + messageRows + pathRows + eventRows + dropRows
    return rows.indices.sorted { (rows[$0].at, $0) < (rows[$1].at, $1) }.map { rows[$0] }
  }

  private var stepRows: [(at: Instant, row: SequenceRow)] {
    let actions = Dictionary(
      trace.plan.allSteps.map { ($0.id, $0.action) }, uniquingKeysWith: { first, _ in first })
    return trace.deeds.compactMap { deed in
      actions[deed.step].map { action in
        let failure = deed.failure.map { " — \($0)" } ?? ""
        return (deed.began, SequenceRow.step(action.words + failure))
      }
    }
  }

  /// One row for each message: from its author's capture to those of whom it reached.
  private var messageRows: [(at: Instant, row: SequenceRow)] {
    struct Name: Hashable {
      let author: String
      let sequence: UInt64
    }
    var order: [Name] = []
    var messages: [Name: (at: Instant, text: String, evidence: String, receivers: [SequenceRow.Receiver])] =
      [:]
    for sighted in trace.sightings {
      guard case .gossip(let author, let sequence, _, let text) = sighted.what else { continue }
      let name = Name(author: author, sequence: sequence)
      if messages[name] == nil {
        order.append(name)
        messages[name] = (sighted.at, text, sighted.evidence.place, [])
      }
      guard sighted.direction == .inbound, sighted.host != author,
        messages[name]?.receivers.contains(where: { $0.host == sighted.host }) == false
      else { continue }
      let delay = (sighted.at - (messages[name]?.at ?? sighted.at)).milliseconds
      messages[name]?.receivers.append(
        .init(host: sighted.host, words: "\(sighted.evidence.place), after \(delay.short) ms"))
    }
    return order.compactMap { name in
      messages[name].map {
        ($0.at, .message(author: name.author, text: $0.text, place: $0.evidence, receivers: $0.receivers))
      }
    }
  }

  private var eventRows: [(at: Instant, row: SequenceRow)] {
    trace.events.compactMap { event in
      guard let words = event.shortWords else { return nil }
      let isBad = event.type == "peer.offline" || event.type == "warning"
      return (
        event.at, .event(host: event.host, words: words, place: event.evidence.place, isBad: isBad)
      )
    }
  }

  /// Packets that died at the same box by the same rule within a second are one row.
  private var dropRows: [(at: Instant, row: SequenceRow)] {
    var rows: [(at: Instant, row: SequenceRow)] = []
    var last: [String: (index: Int, until: Instant, count: Int)] = [:]
    for drop in trace.drops {
      let key = "\(drop.box) \(drop.from ?? "") \(drop.rule)"
      if let open = last[key], drop.at <= open.until {
        last[key]?.count += 1
        rows[open.index].row = row(for: drop, count: open.count + 1)
      } else {
        last[key] = (rows.count, drop.at + .seconds(1), 1)
        rows.append((drop.at, row(for: drop, count: 1)))
      }
    }
    return rows
  }

  private func row(for drop: Drop, count: Int) -> SequenceRow {
    let words = "\(count == 1 ? "a packet dies" : "\(count) packets die") at \(drop.box): \(drop.rule)"
    return .drop(host: drop.from ?? drop.box, words: words, place: "drop \(drop.number): \(drop.flow)")
  }
}

extension NodeEvent {
  /// Nil for what would only make the page long.
  fileprivate var shortWords: String? {
    let peer = self["peerId"] ?? ""
    return switch type {
    case "ready": "ready"
    case "peer.online": "sees \(peer)"
    case "peer.offline": "\(peer) \(self["reason"] ?? "offline")"
    case "connection.opened": "connected to \(peer), \(self["path"] ?? "")"
    case "connection.closed": "connection to \(peer) closed: \(self["reason"] ?? "")"
    case "message.received": "“\(self["text"] ?? "")” of \(self["from"] ?? "")"
    case "reservation": "reservation \(self["state"] ?? "") at \(self["relay"] ?? "")"
    case "holepunch":
      "hole punch to \(peer): \(self["outcome"] ?? "")" + (self["reason"].map { ", \($0)" } ?? "")
    case "reachability": "reachability: \(self["value"] ?? "")"
    case "warning": self["text"] ?? "warning"
    default: nil
    }
  }
}

enum SequenceRow {
  struct Receiver {
    let host: String
    let words: String
  }

  case step(String)
  case message(author: String, text: String, place: String, receivers: [Receiver])
  /// What became of the ways between hosts, drawn to the other one where there is one.
  case path(from: String, to: String?, words: String, place: String, isBad: Bool)
  case event(host: String, words: String, place: String, isBad: Bool)
  case drop(host: String, words: String, place: String)
}

private struct SequenceDrawing {
  let hosts: [String]
  let rows: [(row: SequenceRow, time: String)]

  private static let rowHeight = 20
  private static let timeWidth = 70
  private static let top = 30

  private var laneWidth: Int { hosts.count > 12 ? 60 : 110 }
  private var width: Int { Self.timeWidth + hosts.count * laneWidth + 420 }
  private var height: Int { Self.top + (rows.count + 1) * Self.rowHeight }
  private var textX: Int { Self.timeWidth + hosts.count * laneWidth }

  init(hosts: [String], rows: [(row: SequenceRow, time: String)]) {
    self.hosts = hosts
    self.rows = rows
  }

  var svg: String {
    let lanes = hosts.enumerated().map { index, name in
      let x = lane(index)
      return "<text x=\"\(x)\" y=\"16\" text-anchor=\"middle\">\(name.escaped)</text>"
        + "<line class=\"lane\" x1=\"\(x)\" y1=\"\(Self.top - 8)\" x2=\"\(x)\" y2=\"\(height)\"/>"
    }
    let body = rows.enumerated().map { index, entry in
      draw(entry.row, at: entry.time, y: Self.top + index * Self.rowHeight + Self.rowHeight / 2)
    }
    return
      "<svg viewBox=\"0 0 \(width) \(height)\" width=\"\(width)\" height=\"\(height)\" role=\"img\">"
      + lanes.joined() + body.joined() + "</svg>"
  }

  private func lane(_ index: Int) -> Int { Self.timeWidth + index * laneWidth + laneWidth / 2 }

  private func x(of host: String) -> Int? { hosts.firstIndex(of: host).map(lane) }

  private func draw(_ row: SequenceRow, at time: String, y: Int) -> String {
    let stamp = "<text class=\"faint\" x=\"2\" y=\"\(y + 4)\">\(time)</text>"
    switch row {
    case .step(let words):
      return "<rect class=\"step\" x=\"0\" y=\"\(y - 9)\" width=\"\(width)\" height=\"18\"/>" + stamp
        + label(words, y)
    case .message(let author, let text, let place, let receivers):
      let from = x(of: author)
      let arrows = receivers.compactMap { receiver in
        x(of: receiver.host).map { to in
          let line =
            from.map { "<line class=\"arrow\" x1=\"\($0)\" y1=\"\(y)\" x2=\"\(to)\" y2=\"\(y)\"/>" } ?? ""
          return line + mark("message", to, y, "▸", receiver.words)
        }
      }
      let dot = from.map {
        "<circle class=\"message\" cx=\"\($0)\" cy=\"\(y)\" r=\"4\"><title>\(place.escaped)</title></circle>"
      }
      return stamp + arrows.joined() + (dot ?? "") + label("\(author): \(text)", y)
    case .path(let from, let to, let words, let place, let isBad):
      let start = x(of: from)
      var line = ""
      if let start, let end = to.flatMap(x) {
        line = "<line class=\"way\" x1=\"\(start)\" y1=\"\(y)\" x2=\"\(end)\" y2=\"\(y)\"/>"
      }
      let diamond = start.map { mark(isBad ? "gone" : "way", $0, y, "◇", place) }
      return stamp + line + (diamond ?? "") + label("\(from): \(words)", y)
    case .event(let host, let words, let place, let isBad):
      return stamp + (x(of: host).map { mark(isBad ? "gone" : "event", $0, y, "◆", place) } ?? "")
        + label("\(host): \(words)", y)
    case .drop(let host, let words, let place):
      return stamp + (x(of: host).map { mark("drop", $0, y, "✗", place) } ?? "") + label(words, y, place)
    }
  }

  private func mark(_ kind: String, _ x: Int, _ y: Int, _ sign: String, _ title: String) -> String {
    "<text class=\"\(kind)\" x=\"\(x)\" y=\"\(y + 4)\" text-anchor=\"middle\">\(sign)"
      + "<title>\(title.escaped)</title></text>"
  }

  /// Long texts are cut; the whole is in the title.
  private func label(_ words: String, _ y: Int, _ title: String = "") -> String {
    let cut = words.count > 64 ? words.prefix(63) + "…" : words[...]
    let whole = title.isEmpty ? words : "\(words) — \(title)"
    return "<text x=\"\(textX)\" y=\"\(y + 4)\">\(String(cut).escaped)<title>\(whole.escaped)</title></text>"
  }
}
