import Identify
import Identity
import SansIO
import Wire

extension Timeline {
  /// A table for people, one line an item: when, in which packet, who to whom, on which stream, what.
  ///
  /// Peers are shown by their last characters; who they are stands above.
  package func text(_ filter: Filter = Filter()) -> [String] {
    let shown = items.filter(filter.admits)
    let start = items.first?.time ?? .zero
    var rows = [["seconds", "packet", "conn", "path", "from", "to", "stream", "protocol", "what"]]
    rows += shown.map { row($0, since: start) }
    // Most captures have no circuits.
    if shown.allSatisfy(\.circuit.isEmpty) {
      for index in rows.indices { rows[index].remove(at: 3) }
    }
    let columns = rows[0].indices.dropLast()
    let widths = columns.map { column in rows.reduce(0) { max($0, $1[column].count) } }
    let lines = rows.map { row in
      let cells = columns.map { Text.padded(row[$0], to: widths[$0], left: $0 <= 1) }
      return (cells + row.suffix(1)).joined(separator: "  ")
    }
    return legend + paths(filter) + lines + remarks
  }

  private func row(_ item: Item, since start: Instant) -> [String] {
    let connection = (["\(item.connection)"] + item.circuit.map { "\($0.stream)" }).joined(separator: "/")
    return [
      Text.seconds((item.time - start).clampedNanoseconds), "\(item.stamp.packet)",
      item.connection == 0 ? "" : "#\(connection)", item.circuit.isEmpty ? "" : item.way,
      party(item.sendingPeer, item.sender), party(item.receivingPeer, item.receiver),
      item.stream.map { "\($0)" } ?? "",
      item.protocolName.map { Printable.text($0.rawValue, bytesMax: 40) } ?? "", item.what.text,
    ]
  }

  private func party(_ peer: PeerID?, _ endpoint: Endpoint) -> String {
    peer.map { Text.short($0) } ?? endpoint.description
  }

  /// Every peer, and the first address it was seen at, or the relay behind which.
  private var legend: [String] {
    var seen: [PeerID: String] = [:]
    for isRelayed in [false, true] {
      for item in items where item.circuit.isEmpty != isRelayed {
        for (peer, endpoint) in [(item.sendingPeer, item.sender), (item.receivingPeer, item.receiver)] {
          if let peer, seen[peer] == nil { seen[peer] = isRelayed ? item.way : "at \(endpoint)" }
        }
      }
    }
    let lines = seen.sorted { $0.key < $1.key }.map { "\(Text.short($0.key)) is \($0.key) \($0.value)" }
    return lines.isEmpty ? [] : lines + [""]
  }

  /// What was not read, and why.
  package var remarks: [String] {
    var remarks: [String] = []
    func count(_ number: Int, _ what: String) {
      if number > 0 { remarks.append("\(number) \(what)") }
    }
    count(census.otherTransports, "packets of neither TCP nor UDP, not shown")
    count(census.malformed, "packets that are not IP or contradict themselves")
    count(census.fragments, "IP fragments, which are not put together")
    count(census.cut, "packets of which the capture kept only a part")
    count(census.corrupt, "TCP segments spoilt on the way")
    count(census.forgotten, "connections ended early here, because there were too many")
    count(omitted, "further items, beyond the limit")
    count(badKeyLines, "lines of the key logs that cannot be read")
    if items.isEmpty { remarks.append("no TCP connection in \(census.packets) packets") }
    if let failure { remarks.append("\(failure)") }
    return remarks.isEmpty ? [] : [""] + remarks
  }
}
