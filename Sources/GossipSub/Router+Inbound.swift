import Identity
import NIOCore

// RPCs of peers, taken apart field by field.

extension Router {
  mutating func rpcReceived(_ frame: ByteBuffer, from peer: PeerID) throws(RouterError) {
    // Of a graylisted peer subscriptions alone are heard, as in Go: they must be known when its score is
    // better.
    var isHeard = !isGraylisted(peer)
    if !isHeard { counters.graylisted += 1 }
    var subscriptions = 0
    var reader = FieldReader(frame)
    while let field = try reader.next() {
      switch (field.number, field.value) {
      case (1, .bytes(let body)):
        subscriptions += 1
        if subscriptions <= configuration.subscriptionsPerRPCMax {
          try subscriptionReceived(body, from: peer)
        } else {
          counters.excessSubscriptions += 1
        }
      case (2, .bytes(let body)):
        guard isHeard else { continue }
        isHeard = try messageReceived(body, from: peer)
      case (3, .bytes(let body)):
        guard isHeard else { continue }
        isHeard = try controlReceived(body, from: peer)
      case (1...3, _):
        throw .malformedRPC
      default:
        break  // extensions
      }
    }
  }

  private mutating func subscriptionReceived(_ body: ByteBuffer, from peer: PeerID) throws(RouterError) {
    var isSubscribed = false
    var name: ByteBuffer?
    var reader = FieldReader(body)
    while let field = try reader.next() {
      switch (field.number, field.value) {
      case (1, .varint(let value)): isSubscribed = value != 0
      case (2, .bytes(let bytes)): name = bytes
      case (1...2, _): throw .malformedRPC
      default: break
      }
    }
    guard let name, 1...configuration.topicBytesMax ~= name.readableBytes else {
      counters.excessSubscriptions += 1
      return
    }
    if isSubscribed {
      peerSubscribed(peer, Topic(name))
    } else {
      peerUnsubscribed(peer, Topic(name))
    }
  }

  /// False when the peer is to be heard no more.
  private mutating func controlReceived(_ control: ByteBuffer, from peer: PeerID) throws(RouterError) -> Bool
  {
    var meshChanges = 0
    var reader = FieldReader(control)
    while let field = try reader.next() {
      switch (field.number, field.value) {
      case (1, .bytes(let body)): try ihaveReceived(body, from: peer)
      case (2, .bytes(let body)): try iwantReceived(body, from: peer)
      case (3, .bytes(let body)), (4, .bytes(let body)):
        meshChanges += 1
        // At most one for each topic it can have, either way.
        guard meshChanges <= 2 * configuration.peerTopicsMax else {
          counters.excessRequests += 1
          continue
        }
        if field.number == 3 {
          try graftReceived(body, from: peer)
          if isGraylisted(peer) { return false }
        } else {
          try pruneReceived(body, from: peer)
        }
      case (5, .bytes(let body)): try idontwantReceived(body, from: peer)
      case (1...5, _): throw .malformedRPC
      default: break
      }
    }
    return true
  }
}
