/// Where the later fragments of a datagram go: where its first went, which alone has ports. They have to come
/// in order (RFC 4787, section 11, "Received Fragment Ordered").
struct FragmentTable: Sendable {
  /// RFC 791: what tells one datagram's fragments from another's.
  struct Key: Hashable, Sendable {
    let source: Address
    let destination: Address
    let transport: Transport
    let identification: UInt16

    /// Of an IPv4 packet.
    init(_ packet: borrowing Packet) {
      source = packet.sourceAddress
      destination = packet.destinationAddress
      transport = packet.transport
      identification = packet.bytes.word(at: 4)
    }
  }

  private struct Entry {
    let address: Address
    let expiresAt: UInt64
  }

  /// Datagrams under way at once. A flood of first fragments costs others their later ones, and no memory.
  private static let limit = 1024
  /// RFC 1122, section 3.3.2, gives a host 60 s or more; a box need not wait as long.
  private static let lifetime: UInt64 = 5_000_000_000

  private var entries: [Key: Entry] = [:]

  init() {}

  /// The address that the first fragment was given.
  subscript(_ key: Key, _ now: UInt64) -> Address? {
    guard let entry = entries[key], now < entry.expiresAt else { return nil }
    return entry.address
  }

  mutating func insert(_ key: Key, _ address: Address, at now: UInt64) {
    if entries.count >= Self.limit {
      entries = entries.filter { now < $0.value.expiresAt }
      if entries.count >= Self.limit { return }
    }
    entries[key] = Entry(address: address, expiresAt: now.saturatingAdd(Self.lifetime))
  }
}
