import GossipSub
import NIOCore
import Wire

/// GossipSub and FloodSub: RPCs of the side that opened the stream; each peer has one of its own.
struct GossipDissector: StreamDissector {
  private var initiator: Frames
  private var responder: Frames

  init?(_ name: ProtocolName, limits: Limits) {
    guard Version(name) != nil else { return nil }
    initiator = Frames(bytesMax: limits.rpcBytesMax)
    responder = Frames(bytesMax: limits.rpcBytesMax)
  }

  var heldBytes: Int { initiator.heldBytes + responder.heldBytes }

  mutating func receive(_ bytes: ByteBuffer, from side: Role, findings: inout Findings) {
    switch side {
    case .initiator: initiator.receive(bytes, from: side, findings: &findings) { Self.read($0, side, &$1) }
    case .responder: responder.receive(bytes, from: side, findings: &findings) { Self.read($0, side, &$1) }
    }
  }

  private static func read(_ frame: ByteBuffer, _ side: Role, _ findings: inout Findings) -> String? {
    let rpc = RecordedRPC(frame)
    for entry in rpc.entries { findings.add(.gossip(GossipFact(entry)), by: side) }
    if rpc.omitted > 0 {
      findings.add(.note(.limit("\(rpc.omitted) further entries of this RPC are not shown")), by: side)
    }
    return rpc.flaw.map { "\($0)" }
  }
}

extension GossipFact {
  init(_ entry: RecordedRPC.Entry) {
    switch entry {
    case .subscription(let topic, isSubscribed: true): self = .subscribed(topic)
    case .subscription(let topic, isSubscribed: false): self = .unsubscribed(topic)
    case .message(let message): self = .published(message)
    case .ihave(let topic, let ids): self = .ihave(topic, ids)
    case .iwant(let ids): self = .iwant(ids)
    case .graft(let topic): self = .graft(topic)
    case .prune(let topic, let offers, let seconds):
      self = .prune(topic, offers: offers, backoffSeconds: seconds)
    case .idontwant(let ids): self = .idontwant(ids)
    }
  }
}
