import Identity
import SansIO
import Wire

extension Circuit {
  /// The relay by its PeerID, by its address where that is all that is known.
  var relayName: String { relay?.description ?? relayEndpoint.description }
}

extension Item {
  /// One line of JSON. The keys are stable; what does not apply is left out.
  package var json: String {
    var line = JSONLine()
    line.add("timeMs", milliseconds: time.nanoseconds)
    line.add("packet", stamp.packet)
    line.add("connection", connection)
    if !circuit.isEmpty {
      line.add("circuit", circuit.map { String($0.stream) })
      line.add("path", "relayed")
      line.add("via", circuit.map(\.relayName))
    }
    line.add("by", speaker == .initiator ? "initiator" : "responder")
    line.add("from", sender.description)
    line.add("fromPeer", sendingPeer?.description)
    line.add("to", receiver.description)
    line.add("toPeer", receivingPeer?.description)
    if let stream { line.add("stream", stream) }
    line.add("protocol", protocolName?.rawValue)
    line.add("type", what.type)
    what.describe(in: &line)
    return line.line
  }
}
