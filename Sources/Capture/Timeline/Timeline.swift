import Identity
import Wire

/// All that a capture says, in the order of its packets, with the peers of each connection known from its
/// first item on.
package struct Timeline: Sendable {
  /// A connection of the capture, or one inside it.
  private struct ChannelKey: Hashable {
    let connection: Int
    let streams: [UInt32]
    let isInitiator: Bool
  }

  package private(set) var items: [Item] = []
  package var census = Census()
  /// Why reading ended before the capture did.
  package var failure: CaptureError?
  package var badKeyLines = 0
  /// Items beyond the limit.
  package private(set) var omitted = 0
  private let itemsMax: Int
  private var peers: [ChannelKey: PeerID] = [:]

  /// - Parameter itemsMax: a few hundred bytes each, and what was published.
  package init(itemsMax: Int = 2_000_000) {
    self.itemsMax = itemsMax
  }

  package mutating func append(_ item: Item) {
    guard items.count < itemsMax else {
      omitted += 1
      return
    }
    for (peer, isSender) in [(item.sendingPeer, true), (item.receivingPeer, false)] {
      guard let peer else { continue }
      peers[key(of: item, isSender: isSender)] = peer
    }
    items.append(item)
  }

  /// Puts everything in the order of the packets, and names the peers of what was said before they had proven
  /// themselves. Call when all is appended.
  package mutating func complete() {
    // A stable order: what one packet completed stays as it was found.
    let order = items.indices.sorted { (items[$0].stamp.packet, $0) < (items[$1].stamp.packet, $1) }
    items = order.map { index in
      var item = items[index]
      item.sendingPeer = item.sendingPeer ?? peers[key(of: item, isSender: true)]
      item.receivingPeer = item.receivingPeer ?? peers[key(of: item, isSender: false)]
      return item
    }
  }

  private func key(of item: Item, isSender: Bool) -> ChannelKey {
    ChannelKey(
      connection: item.connection, streams: item.circuit.map(\.stream),
      isInitiator: (item.speaker == .initiator) == isSender)
  }
}
