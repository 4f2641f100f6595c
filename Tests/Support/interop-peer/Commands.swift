import Foundation
import Meshwork

/// Carries out the commands, one after the other, until `quit` or the end of the input.
struct Commands {
  let node: MeshNode

  func run() async {
    for await line in Input.lines() {
      do {
        let request = try JSONDecoder().decode(Request.self, from: Data(line.utf8))
        if case .quit = request.command { return }
        await carryOut(request)
      } catch {
        Output.print(Answer(ok: false, error: "\(error)"))
      }
    }
  }

  private func carryOut(_ request: Request) async {
    var answer: Answer
    do {
      answer = try await result(of: request.command)
    } catch {
      answer = Answer(ok: false, error: "\(error)")
    }
    answer.id = request.id
    Output.print(answer)
  }

  private func result(of command: Command) async throws -> Answer {
    switch command {
    case .connect(let address):
      _ = try await node.connect(to: address)
      return Answer()
    case .peers:
      return await Answer(peers: node.peers().filter(\.isConnected).map(\.peerID.description))
    case .relays:
      let held = await node.info().relays.filter { $0.state == .accepted }
      return Answer(relays: held.map(\.peerID.description))
    case .ping(let peer, let count):
      return try await Answer(rttMs: node.ping(peer, count: count).map { $0 / .milliseconds(1) })
    case .identify(let peer):
      return try await identified(node.identify(peer))
    case .echo(let peer, let streams, let bytes):
      return try await Answer(echoed: EchoProtocol.run(node, peer, streams: streams, bytes: bytes))
    case .transfer(let peer, let up, let down, let seed):
      let stream = try await node.openStream(to: peer, protocols: [TransferProtocol.name])
      let sums = try await TransferProtocol.run(stream, up: up, down: down, seed: seed)
      return Answer(sentSha256: sums.sent, remoteSha256: sums.remote, receivedSha256: sums.received)
    case .quit:
      return Answer()
    }
  }

  private func identified(_ peer: PeerInfo) -> Answer {
    Answer(
      agent: peer.agent, protocols: peer.protocols, listenAddrs: peer.addresses.map(\.withoutPeer),
      observedAddr: peer.observedAddress?.withoutPeer ?? "", signedRecord: peer.hasSignedRecord)
  }
}

extension Multiaddr {
  /// The transport part as text: the suite compares addresses without the PeerID.
  var withoutPeer: String {
    let text = description
    return text.range(of: "/p2p/").map { String(text[..<$0.lowerBound]) } ?? text
  }
}
