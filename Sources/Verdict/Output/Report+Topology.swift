import Scenario

extension Report {
  /// The internet on the left, routers and their LANs to the right of what they hang on, hosts in their
  /// segment.
  var topology: String {
    var drawing = TopologyDrawing(plan: trace.plan)
    return drawing.svg
  }
}

/// A tree drawn from left to right, one line for each leaf.
private struct TopologyDrawing {
  let plan: Plan
  private var parts: [String] = []
  private var row = 0
  private var columnsUsed = 1

  static let rowHeight = 44
  static let columnWidth = 190
  static let boxWidth = 160
  static let boxHeight = 34

  init(plan: Plan) {
    self.plan = plan
  }

  var svg: String {
    mutating get {
      if hasInternet {
        draw(segment: nil, title: "the internet", subtitle: "", column: 0)
      }
      for lan in plan.lans where lan.router == nil {
        draw(segment: lan.name, title: lan.name, subtitle: "no internet", column: 0)
      }
      let width = columnsUsed * Self.columnWidth
      let height = max(1, row) * Self.rowHeight + 8
      return
        "<svg viewBox=\"0 0 \(width) \(height)\" width=\"\(width)\" height=\"\(height)\" role=\"img\">"
        + parts.joined() + "</svg>"
    }
  }

  private var hasInternet: Bool {
    plan.hosts.contains { $0.lan == nil }
      || plan.lans.contains { $0.router.map { $0.upstream == nil } == true }
  }

  /// Draws the segment and all that hangs on it; its middle.
  @discardableResult
  private mutating func draw(segment: String?, title: String, subtitle: String, column: Int) -> Int {
    let top = row
    var middles: [Int] = []
    // The plan is checked before it is run, and yet a drawing must end.
    if column < 12 {
      for host in plan.hosts where host.lan == segment {
        let middle = rowMiddle
        box(column + 1, middle, host.name, host.kindInWords)
        middles.append(middle)
        row += 1
      }
      for lan in plan.lans where lan.router != nil && lan.router?.upstream == segment {
        let words = lan.router?.nat.words ?? ""
        middles.append(draw(segment: lan.name, title: lan.name, subtitle: words, column: column + 1))
      }
    }
    if row == top { row += 1 }
    let middle = 4 + (top + row) * Self.rowHeight / 2
    for other in middles { wire(from: column, middle, to: column + 1, other) }
    box(column, middle, title, subtitle)
    return middle
  }

  private var rowMiddle: Int { 4 + row * Self.rowHeight + Self.rowHeight / 2 }

  private mutating func box(_ column: Int, _ middle: Int, _ title: String, _ subtitle: String) {
    columnsUsed = max(columnsUsed, column + 1)
    let (x, y) = (column * Self.columnWidth + 4, middle - Self.boxHeight / 2)
    parts.append(
      "<rect class=\"box\" x=\"\(x)\" y=\"\(y)\" width=\"\(Self.boxWidth)\" "
        + "height=\"\(Self.boxHeight)\" rx=\"6\"/>"
        + "<text x=\"\(x + 8)\" y=\"\(subtitle.isEmpty ? middle + 4 : middle - 3)\">\(title.escaped)</text>"
        + (subtitle.isEmpty
          ? "" : "<text class=\"faint\" x=\"\(x + 8)\" y=\"\(middle + 11)\">\(subtitle.escaped)</text>"))
  }

  private mutating func wire(from column: Int, _ start: Int, to next: Int, _ end: Int) {
    let (left, right) = (column * Self.columnWidth + 4 + Self.boxWidth, next * Self.columnWidth + 4)
    let bend = (left + right) / 2
    parts.insert(
      "<path class=\"wire\" d=\"M\(left) \(start)H\(bend)V\(end)H\(right)\"/>", at: 0)
  }
}

extension Plan.Host {
  fileprivate var kindInWords: String {
    let kind =
      switch role {
      case .node: "node"
      case .relay: "relay"
      case .foreign: "foreign peer"
      case .computer: "computer"
      }
    return [kind, region, link.words].compactMap { $0 }.filter { !$0.isEmpty }.joined(separator: " · ")
  }
}

extension NAT {
  /// Mapping and filtering by their usual letters (RFC 4787).
  fileprivate var words: String {
    if kind == .none { return "router" }
    let letters: (Dependence) -> String = {
      switch $0 {
      case .endpointIndependent: "EI"
      case .addressDependent: "AD"
      case .addressAndPortDependent: "APD"
      }
    }
    return (kind == .linux ? "Linux NAT" : "NAT") + " \(letters(mapping))M/\(letters(filtering))F"
  }
}

extension Link {
  fileprivate var words: String {
    down.delayMs == 0 && up.delayMs == 0 ? "" : "\((up.delayMs + down.delayMs).short) ms"
  }
}
