package import NIOCore
package import Noise
package import SansIO
import Wire

/// Packets in, items out: the whole of what a capture says, as it comes.
///
/// ```
/// dissector.receive(packet, at: time)
/// while let item = dissector.nextItem() { … }
/// ```
package struct Dissector: Sendable {
  package private(set) var census = Census()
  private let limits: Limits
  private var findings: Findings
  private var flows: [Flow: Conversation] = [:]
  /// Of all connections, waiting for what explains them.
  private(set) var heldBytes = 0

  /// Both ends, the lesser first.
  private struct Flow: Hashable {
    let lesser, greater: Endpoint

    init(_ segment: TCPSegment) {
      lesser = min(segment.source, segment.destination)
      greater = max(segment.source, segment.destination)
    }
  }

  /// - Parameter showsWindows: whether Yamux's window updates become items.
  package init(keys: KeyRing = KeyRing(), limits: Limits = Limits(), showsWindows: Bool = false) {
    self.limits = limits
    findings = Findings(limits: limits, keys: keys, showsWindows: showsWindows)
  }

  // MARK: Inputs

  /// Takes the next packet of the capture.
  /// - Parameters:
  ///   - wireBytes: its size on the wire, where the capture has less of it.
  ///   - time: since the Unix epoch.
  package mutating func receive(
    _ packet: ByteBuffer, linkType: LinkType = .raw, wireBytes: Int? = nil, at time: Instant
  ) {
    census.packets += 1
    if let wireBytes, wireBytes > packet.readableBytes { census.cut += 1 }
    var packet = packet
    guard linkType.strip(from: &packet) else {
      census.malformed += 1
      return
    }
    do throws(IPPacket.Failure) {
      let packet = try IPPacket(packet)
      if packet.protocolNumber == UDPDatagram.protocolNumber {
        return receive(try UDPDatagram(packet), at: Stamp(packet: census.packets, time: time))
      }
      guard packet.protocolNumber == TCPSegment.protocolNumber else {
        census.otherTransports += 1
        return
      }
      receive(try TCPSegment(packet), at: Stamp(packet: census.packets, time: time))
    } catch {
      switch error {
      case .malformed: census.malformed += 1
      case .fragment: census.fragments += 1
      case .cut: if wireBytes == nil || wireBytes == packet.readableBytes { census.cut += 1 }
      }
    }
  }

  private mutating func receive(_ datagram: UDPDatagram, at stamp: Stamp) {
    let scope = findings.scope
    defer { findings.scope = scope }
    findings.stamp = stamp
    findings.scope = .init(connection: 0, ends: (datagram.source, datagram.destination))
    findings.add(.udp(UDPFact(bytes: datagram.payloadBytes)), by: .initiator)
  }

  private mutating func receive(_ segment: TCPSegment, at stamp: Stamp) {
    let flow = Flow(segment)
    if flows[flow]?.isOver(with: segment) ?? false { end(flow) }
    if flows[flow] == nil { begin(flow, with: segment, at: stamp) }
    let isSound = withConversation(flow) { conversation, findings in
      conversation.receive(segment, at: stamp, findings: &findings)
    }
    if isSound == false { census.corrupt += 1 }
    if heldBytes > limits.heldBytesMax {
      let reason = "more than \(limits.heldBytesMax) bytes are waiting for what explains them"
      withConversation(flow) { $0.giveUp(reason, findings: &$1) }
    }
  }

  /// Keys that have come since, for a ring that is not complete.
  package mutating func learn(_ entries: some Sequence<KeyLog.Entry>) {
    for entry in entries { findings.keys.add(entry) }
    for flow in flowsInOrder { withConversation(flow) { $0.retry(findings: &$1) } }
  }

  /// The capture is over. What was waiting is shown as far as it goes.
  package mutating func finish() {
    findings.keys.isComplete = true
    for flow in flowsInOrder { end(flow) }
  }

  // MARK: Outputs

  /// The next thing that was said, or nil until more packets come.
  package mutating func nextItem() -> Item? { findings.popFirst() }

  package var keys: KeyRing { findings.keys }

  // MARK: Connections

  private var flowsInOrder: [Flow] {
    flows.sorted { $0.value.number < $1.value.number }.map(\.key)
  }

  private mutating func begin(_ flow: Flow, with segment: TCPSegment, at stamp: Stamp) {
    if flows.count >= limits.conversationsMax { makeRoom() }
    census.connections += 1
    flows[flow] = Conversation(
      number: census.connections, first: segment, at: stamp, findings: &findings)
  }

  private mutating func end(_ flow: Flow) {
    withConversation(flow) { $0.finish(findings: &$1) }
    flows[flow] = nil
  }

  /// Forgets a sixteenth of all, so that the search is not made for each: closed ones first, then those that
  /// were silent longest.
  private mutating func makeRoom() {
    let order = flows.sorted { left, right in
      (left.value.isClosed ? 0 : 1, left.value.lastPacket) < (
        right.value.isClosed ? 0 : 1, right.value.lastPacket
      )
    }
    for (flow, _) in order.prefix(max(1, limits.conversationsMax / 16)) {
      census.forgotten += 1
      end(flow)
    }
  }

  @discardableResult
  private mutating func withConversation<Result>(
    _ flow: Flow, _ body: (inout Conversation, inout Findings) -> Result
  ) -> Result? {
    guard let index = flows.index(forKey: flow) else { return nil }
    let before = flows.values[index].heldBytes
    defer { heldBytes += flows.values[index].heldBytes - before }
    return body(&flows.values[index], &findings)
  }
}
