package import AutoNAT
import Connection
import DCUtR
import Identify
import Identity
import NIOCore
import SansIO
package import Wire

/// A connection that is made only to show a peer that it can be reached.
struct DialBack {
  let key: DialKey
  let peer: PeerID
}

/// Whose a stream of AutoNAT's is.
enum ReachabilityRole {
  case client, server
}

// Whether others can reach us, and telling others whether they can be reached: AutoNAT's words carried to
// streams and dials, and back.
extension Node {
  func startReachability() {
    if let settings = configuration.reachability {
      reachabilityClient = AutoNAT.Client(
        own: identity.peerID, configuration: settings, generator: SeededGenerator(seed: secrets.next()),
        now: now)
    }
    if configuration.servesReachability { serveReachability() }
  }

  /// From now on peers may ask us to dial them.
  private func serveReachability() {
    guard reachabilityServer == nil else { return }
    var settings = AutoNAT.ServerConfiguration()
    settings.allowsPrivate = configuration.reachability?.allowsPrivate ?? false
    reachabilityServer = AutoNAT.Server(
      transports: [.ip4, .ip6, .tcp], configuration: settings,
      generator: SeededGenerator(seed: secrets.next()),
      now: now)
  }

  // MARK: Queries

  /// What stands between us and the internet. Of filtering, whoever could not reach an address that is mapped
  /// to us is the witness.
  package var nat: NATDiagnosis {
    let mapping = observations.mapping(listening: Array(listeners))
    var filtering = NATDiagnosis.Filtering.unknown
    for address in observations.agreed {
      switch reachabilityClient?.reachability(of: address) {
      case .public?: filtering = .open
      case .private?: if filtering == .unknown { filtering = .endpointDependent }
      case .unknown?, nil: break
      }
    }
    return NATDiagnosis(mapping: mapping, filtering: filtering)
  }

  /// What is known, and the addresses that are known to work.
  package var reachability: (AutoNAT.Reachability, [Multiaddr]) {
    (reachabilityClient?.reachability ?? .unknown, reachabilityClient?.confirmedAddresses ?? [])
  }

  /// What AutoNAT's streams are spoken of as.
  var reachabilityProtocols: Set<ProtocolName> {
    var names: Set<ProtocolName> = []
    if reachabilityClient != nil { names.insert(.autoNATDialBack) }
    if reachabilityServer != nil { names.formUnion([.autoNAT, .autoNATDialRequest]) }
    return names
  }

  // MARK: Peers

  /// A peer has said what it speaks, and where it sees us.
  func describedForReachability(_ peer: PeerID, on entry: ConnectionEntry) {
    if !entry.isRelayed, let protocols = peerEntries[peer]?.description.protocols {
      let versions = [Version.v1, .v2].filter { protocols.contains($0.protocolName) }
      reachabilityClient?.serverFound(peer, speaks: Set(versions), at: entry.remote, now: now)
    }
    addressesChanged()
  }

  func reachabilityDisconnected(_ entry: ConnectionEntry, from peer: PeerID) {
    guard !entry.isRelayed, directConnection(to: peer) == nil else { return }
    reachabilityClient?.serverLost(peer, at: now)
    pumpReachability()
  }

  /// Our addresses, or what is thought of them, may be others now.
  func addressesChanged() {
    let agreed = observations.agreed
    let candidates =
      configuration.announce.map { Candidate($0, .announced) } + listeners.map { Candidate($0, .listened) }
      + agreed.map { Candidate($0, .agreed) }
      + observations.seen.filter { !agreed.contains($0) }.map { Candidate($0, .observed) }
    reachabilityClient?.candidatesChanged(candidates, at: now)
    upgrader?.ownAddressesChanged(candidates.map(\.address), at: now)
    upgrader?.ownMappingChanged(DCUtR.Mapping(nat.mapping), at: now)
    pumpUpgrades()
    reachabilityServer?.ownAddressesChanged(candidates.map(\.address))
    announceRelay()
    pumpReachability()
  }

  // MARK: Streams

  func acceptReachability(
    _ stream: Connection.StreamID, _ name: ProtocolName, of peer: PeerID, on entry: ConnectionEntry
  ) {
    let handle = entry.handle(stream)
    switch name {
    case .autoNATDialBack:
      entry.streams[stream] = .reachability(.client)
      reachabilityClient?.streamOpened(
        handle, local: entry.local, isInbound: entry.direction == .inbound && !entry.isRelayed, at: now)
    default:
      entry.streams[stream] = .reachability(.server)
      reachabilityServer?.streamOpened(
        handle, name == .autoNAT ? .v1 : .v2, by: peer, from: entry.remote, isRelayed: entry.isRelayed,
        at: now)
    }
    pumpReachability()
  }

  func reachabilityReceived(_ bytes: ByteBuffer, _ role: ReachabilityRole, on handle: StreamHandle) {
    var bytes = bytes
    switch role {
    case .client: reachabilityClient?.receive(&bytes, from: handle, at: now)
    case .server: reachabilityServer?.receive(&bytes, from: handle, at: now)
    }
    pumpReachability()
  }

  func reachabilityFinished(_ role: ReachabilityRole, on handle: StreamHandle) {
    switch role {
    case .client: reachabilityClient?.remoteFinished(handle, at: now)
    case .server: reachabilityServer?.remoteFinished(handle, at: now)
    }
    pumpReachability()
  }

  func reachabilityStreamEnded(_ role: ReachabilityRole, _ handle: StreamHandle) {
    switch role {
    case .client: reachabilityClient?.streamEnded(handle, at: now)
    case .server: reachabilityServer?.streamEnded(handle, at: now)
    }
    pumpReachability()
  }

  // MARK: Dials

  /// A dial for a peer that asked for it is connected.
  func dialBackConnected(_ id: DialID, local: Multiaddr, remote: Multiaddr) -> ConnectionID? {
    guard let dialBack = dialBackOfDial.removeValue(forKey: id), phase == .running else { return nil }
    if let refusal = admission.admitOutbound() {
      counters.count(refusal)
      reachabilityServer?.dialFailed(dialBack.key, at: now)
      pumpReachability()
      return nil
    }
    let connection = addConnection(
      .outbound, local: local, remote: remote, effort: nil, expectedPeer: dialBack.peer, openedAt: now)
    entries[connection]?.dialBack = dialBack
    return connection
  }

  func dialBackFailed(_ id: DialID) {
    guard let dialBack = dialBackOfDial.removeValue(forKey: id) else { return }
    reachabilityServer?.dialFailed(dialBack.key, at: now)
    pumpReachability()
  }

  func dialBackEstablished(_ entry: ConnectionEntry, _ dialBack: DialBack) {
    reachabilityServer?.dialed(dialBack.key, on: entry.id, at: now)
    pumpReachability()
  }

  /// Before it was established; of one that was, its streams tell.
  func dialBackEnded(_ entry: ConnectionEntry) {
    guard let dialBack = entry.dialBack else { return }
    reachabilityServer?.dialFailed(dialBack.key, at: now)
    pumpReachability()
  }

  // MARK: What follows

  func advanceReachability() {
    reachabilityClient?.advance(to: now)
    reachabilityServer?.advance(to: now)
    pumpReachability()
  }

  func pumpReachability() {
    while let event = reachabilityClient?.nextEvent() { handle(event) }
    while let event = reachabilityServer?.nextEvent() { handle(event) }
    let deadlineOfClient = reachabilityClient?.deadline
    let deadlineOfServer = reachabilityServer?.deadline
    deadlines.set(.reachability, to: [deadlineOfClient, deadlineOfServer].compactMap { $0 }.min())
  }

  private func handle(_ event: AutoNAT.Client.Event) {
    switch event {
    case .open(let open, let name, let peer):
      openShared(name, for: .reachability(.client), on: directConnection(to: peer)) { stream in
        if let stream {
          reachabilityClient?.opened(open, as: stream, at: now)
        } else {
          reachabilityClient?.openFailed(open, isUnsupported: false, at: now)
        }
      }
    case .write(let bytes, let handle): writeStream(bytes, on: handle)
    case .consumed(let count, let handle): consumeStream(count, on: handle)
    case .finish(let handle): finishStream(handle)
    case .reset(let handle): resetStream(handle)
    case .addressChanged: break
    case .reachability(let reachability, let addresses): concluded(reachability, addresses)
    }
  }

  private func handle(_ event: AutoNAT.Server.Event) {
    switch event {
    case .dial(let key, let address, let peer):
      let id = DialID(rawValue: nextID())
      dialBackOfDial[id] = DialBack(key: key, peer: peer)
      outputs.append(.dial(id, to: address, from: .freshPort))
    case .cancelDial(let key):
      for id in dialBackOfDial.keys.sorted() where dialBackOfDial[id]?.key == key {
        dialBackOfDial[id] = nil
        outputs.append(.cancelDial(id))
      }
    case .open(let open, let name, let connection):
      openShared(name, for: .reachability(.server), on: entries[connection]) { stream in
        if let stream {
          reachabilityServer?.opened(open, as: stream, at: now)
        } else {
          reachabilityServer?.openFailed(open, at: now)
        }
      }
    case .closeConnection(let connection):
      if let entry = entries[connection] { drop(entry, .closed("it has shown that the peer is reached")) }
    case .write(let bytes, let handle): writeStream(bytes, on: handle)
    case .consumed(let count, let handle): consumeStream(count, on: handle)
    case .finish(let handle): finishStream(handle)
    case .reset(let handle): resetStream(handle)
    }
  }

  /// Who can be reached by everybody can also tell others whether they are.
  private func concluded(_ reachability: AutoNAT.Reachability, _ addresses: [Multiaddr]) {
    outputs.append(.event(.reachability(reachability, addresses)))
    if reachability == .public, reachabilityServer == nil {
      serveReachability()
      let supported = supportedProtocols
      for entry in entries.values { entry.connection.supported = supported }
    }
    announceChange()
  }
}

extension DCUtR.Mapping {
  init(_ mapping: NATDiagnosis.Mapping) {
    self =
      switch mapping {
      case .unknown: .unknown
      case .none, .endpointIndependent: .endpointIndependent
      case .addressDependent: .addressDependent
      }
  }
}
