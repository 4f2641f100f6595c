import Connection
package import GossipSub
import Identify
import Identity
import NIOCore
import SansIO
import Wire

// GossipSub's router and its streams: one that we write and one that the peer writes, whatever the number of
// connections.
extension Node {
  /// What the router counted since the start; nil without gossip.
  package var gossipCounters: GossipSub.Counters? { gossip?.counters }

  /// The most of the router's bytes taken at once: a stream's share of a turn.
  private static let gossipChunkBytesMax = 64 * 1024

  /// Carries out what the router has to say, and sends what it has to send.
  func pumpGossip() {
    while let event = gossip?.nextEvent() { handle(event) }
    while let peer = gossip?.nextPeerWithOutbound() { drainGossip(to: peer) }
    deadlines.set(.gossip, to: gossip?.deadline)
  }

  func advanceGossip() {
    gossip?.advance(to: now)
    pumpGossip()
  }

  private func handle(_ event: Router.Event) {
    switch event {
    case .message(let message): accepted(message)
    case .validate(let message): judge(message)
    case .subscribed(_, let topic), .unsubscribed(_, let topic): companyChanged(on: topic)
    case .failed(let peer, _):
      counters.gossipStreamsFailed += 1
      resetGossip(by: peer)
    case .misbehaved: counters.gossipMisbehaviours += 1
    case .connectionWanted(let peer): keepConnected(peer)
    case .grafted, .pruned, .peersOffered: break
    }
  }

  // MARK: Peers

  /// The best version of GossipSub that a peer says it speaks.
  private func gossipVersion(of peer: PeerID) -> Version? {
    guard let spoken = peerEntries[peer]?.description.protocols else { return nil }
    return Version.offered.first { spoken.contains($0) }.flatMap { Version($0) }
  }

  /// A peer has said what it speaks: if that is GossipSub, it is gossiped with from now on.
  func identifiedForGossip(_ peer: PeerID) {
    guard gossip != nil, gossipStreams[peer]?.outbound == nil, let version = gossipVersion(of: peer) else {
      return
    }
    openGossip(to: peer, version)
  }

  /// Opens our stream to a peer, or opens it anew, on the connection that is to be kept.
  private func openGossip(to peer: PeerID, _ version: Version) {
    guard phase == .running, let entry = preferredConnection(to: peer), !entry.isClosing else { return }
    gossipStreams[peer, default: GossipStreams(version: version)].version = version
    // Everywhere but on the internet many honest hosts may share an address.
    let isGlobal = entry.remote.host?.ip?.reach == .global
    gossip?.peerConnected(
      peer, version: version, direction: entry.direction == .inbound ? .inbound : .outbound,
      addressGroup: isGlobal ? entry.remote.hostPrefix?.bytes : nil)
    do throws(NodeError) {
      let handle = try openGossipStream(version, on: entry)
      gossipStreams[peer]?.outbound = handle
    } catch {
      return retryGossip(with: peer)
    }
    pumpGossip()
    drainGossip(to: peer)
  }

  private func openGossipStream(
    _ version: Version, on entry: ConnectionEntry
  ) throws(NodeError) -> StreamHandle {
    let stream = try openStream([version.protocolName], on: entry)
    entry.streams[stream] = .gossip(.outbound)
    return StreamHandle(connection: entry.id, stream: stream.number)
  }

  /// Another connection became the one to keep: our stream moves there. What was written to the old one still
  /// leaves, so the router need not know, unless that is dead: then it tells of what was said lately.
  func moveGossip(of peer: PeerID) {
    guard let streams = gossipStreams[peer], let old = streams.outbound,
      let entry = preferredConnection(to: peer), entry.id != old.connection, !entry.isClosing
    else { return }
    if entries[old.connection]?.isDoubted ?? true {
      openGossip(to: peer, streams.version)
    } else if let handle = try? openGossipStream(streams.version, on: entry) {
      gossipStreams[peer]?.outbound = handle
      drainGossip(to: peer)
    }
    entries[old.connection]?.connection.finish(Connection.StreamID(number: old.stream))
  }

  /// The last connection to a peer is gone.
  func gossipPeerLost(_ peer: PeerID) {
    guard gossipStreams.removeValue(forKey: peer) != nil else { return }
    deadlines.set(.gossipStream(peer), to: nil)
    gossip?.peerDisconnected(peer)
    for topic in gossip?.subscriptions ?? [] { companyChanged(on: topic) }
    pumpGossip()
  }

  // MARK: Streams

  /// The peer opened its stream. A second one takes the first one's place, as with Go and Rust.
  func acceptGossip(
    _ stream: Connection.StreamID, _ version: Version, of peer: PeerID, on entry: ConnectionEntry
  ) {
    entry.streams[stream] = .gossip(.inbound)
    resetGossip(by: peer)
    let isNew = gossipStreams[peer] == nil
    gossipStreams[peer, default: GossipStreams(version: version)].inbound = StreamHandle(
      connection: entry.id, stream: stream.number)
    // Before its first bytes the router must know the peer; opening our own stream tells it.
    if isNew { openGossip(to: peer, gossipVersion(of: peer) ?? version) }
    gossip?.inboundOpened(by: peer)
  }

  private func resetGossip(by peer: PeerID) {
    guard let handle = gossipStreams[peer]?.inbound, let entry = entries[handle.connection] else { return }
    gossipStreams[peer]?.inbound = nil
    let stream = Connection.StreamID(number: handle.stream)
    entry.streams[stream] = nil
    entry.connection.reset(stream)
    settle(entry)
  }

  func receiveGossip(
    _ bytes: ByteBuffer, _ role: GossipStreams.Role, on stream: Connection.StreamID, of entry: ConnectionEntry
  ) {
    var bytes = bytes
    entry.connection.consumed(bytes.readableBytes, on: stream)
    // On our own stream nothing is due from the peer.
    guard case .inbound = role, let peer = entry.peer else { return }
    entry.lastUse = now
    gossip?.receive(&bytes, from: peer, at: now)
    pumpGossip()
  }

  /// Moves what the router has for a peer into our stream to it, while the stream takes it. What it does not
  /// take waits in the router, which knows what to drop.
  func drainGossip(to peer: PeerID) {
    guard let handle = gossipStreams[peer]?.outbound, let entry = entries[handle.connection] else { return }
    let stream = Connection.StreamID(number: handle.stream)
    while true {
      let room = min(entry.connection.writableBytes(stream), Self.gossipChunkBytesMax)
      var chunk = ByteBuffer()
      guard room > 0, gossip?.drainOutbound(for: peer, into: &chunk, maxBytes: room) ?? false,
        (try? entry.connection.write(chunk, to: stream)) != nil
      else { break }
    }
    settle(entry)
  }

  /// A stream is gone. Ours is opened anew while the peer stays, unless the peer refused its protocol.
  func gossipStreamEnded(
    _ handle: StreamHandle, _ role: GossipStreams.Role, isRefused: Bool, on entry: ConnectionEntry
  ) {
    guard let peer = entry.peer ?? gossipPeer(of: handle) else { return }
    switch role {
    case .inbound:
      if gossipStreams[peer]?.inbound == handle { gossipStreams[peer]?.inbound = nil }
    case .outbound:
      guard gossipStreams[peer]?.outbound == handle else { return }
      gossipStreams[peer]?.outbound = nil
      if !isRefused { retryGossip(with: peer) }
    }
  }

  /// Whose stream it is, once its connection no longer says so.
  private func gossipPeer(of handle: StreamHandle) -> PeerID? {
    gossipStreams.first { $0.value.inbound == handle || $0.value.outbound == handle }?.key
  }

  private func retryGossip(with peer: PeerID) {
    guard let wait = gossipStreams[peer]?.retryWait else { return }
    gossipStreams[peer]?.retryWait = min(wait * 2, GossipStreams.retryWaitMax)
    deadlines.set(.gossipStream(peer), to: now + wait)
  }

  func reopenGossip(with peer: PeerID) {
    guard let streams = gossipStreams[peer], streams.outbound == nil else { return }
    openGossip(to: peer, gossipVersion(of: peer) ?? streams.version)
  }
}
