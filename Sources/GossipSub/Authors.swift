import DequeModule
import Identity
import NIOCore
import SansIO

/// Who signs messages, in the forms that every message of theirs needs.
struct Author: Sendable {
  let peer: PeerID
  /// The peer id's bytes.
  let bytes: [UInt8]
  /// Its base58, as bytes of text.
  let text: [UInt8]
  /// Nil for a kind of key that cannot be verified here.
  let key: PublicKey?

  init(_ peer: PeerID) {
    self.peer = peer
    bytes = peer.bytes
    text = [UInt8](peer.description.utf8)
    // A key that is small enough is its own name; only behind such a name can there be a key of ours.
    guard bytes.count > 2, bytes[0] == 0, let key = try? PublicKey(protobuf: [UInt8](bytes[2...])),
      key.kind == .ed25519
    else {
      key = nil
      return
    }
    self.key = key
  }
}

/// Authors met lately, so that names and keys are decoded once, and what each may write.
struct Authors: Sendable {
  private struct Entry {
    let author: Author
    var budget: TokenBucket?
  }

  private let limit: Int
  private let rate: Configuration.AuthorRate?
  private var entries: [[UInt8]: Entry] = [:]
  private var order: Deque<[UInt8]> = []

  init(limit: Int, rate: Configuration.AuthorRate?) {
    self.limit = limit
    self.rate = rate
  }

  var count: Int { entries.count }

  /// Nil if these bytes are no peer id.
  func author(named name: ByteBuffer) -> Author? {
    let bytes = [UInt8](name.readableBytesView)
    if let known = entries[bytes] { return known.author }
    guard let peer = try? PeerID(bytes: bytes) else { return nil }
    return Author(peer)
  }

  /// Takes one message out of the budget of an author whose signature was right, or says that it is spent.
  mutating func take(from author: Author, at now: Instant) -> Bool {
    if entries[author.bytes] == nil {
      if order.count >= limit, let oldest = order.popFirst() { entries[oldest] = nil }
      entries[author.bytes] = Entry(
        author: author, budget: rate.map { TokenBucket(interval: $0.interval, burst: $0.burst, now: now) })
      order.append(author.bytes)
    }
    return entries[author.bytes]?.budget?.take(at: now) ?? true
  }
}
