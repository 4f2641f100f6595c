import Glibc
package import NetworkModel
package import SansIO
private import Synchronization

/// A packet at a host's interface, as a capture sees it.
package struct CapturedPacket {
  package enum Direction: UInt32, Sendable {
    /// The host sent it.
    case outgoing
    /// The host was given it.
    case incoming
  }

  package let at: Instant
  package let interface: InterfaceID
  package let direction: Direction
  /// The whole packet; valid during the call only.
  package let bytes: UnsafeRawBufferPointer
}

/// Carries packets from the fabric's thread to the one that writes captures, without a lock and without
/// making the fabric wait: what does not fit is lost and counted.
///
/// One thread writes and one reads. Records lie one behind the other, 8-byte aligned, never across the end.
package final class CaptureRing: @unchecked Sendable {  // the two positions say whose each byte is
  private let memory: UnsafeMutableRawPointer
  private let capacity: Int
  /// Bytes ever written and read; their difference is what is in the ring.
  private let written = Atomic<Int>(0)
  private let consumed = Atomic<Int>(0)
  private let lostPackets = Atomic<UInt64>(0)

  private struct Header {
    /// Of the record with its header; nothing but a header means: go on at the start of the ring.
    var recordBytes: UInt32
    var packetBytes: UInt32
    var direction: UInt32
    var interface: Int
    var at: UInt64
  }

  /// 32 MiB hold a third of a second of a fabric at its limit (80,000 packets/s of 1,200 bytes).
  package init(bytes: Int = 32 << 20) {
    precondition(bytes >= 1 << 17 && bytes % 8 == 0, "a ring of \(bytes) bytes does not hold two packets")
    capacity = bytes
    memory = .allocate(byteCount: bytes, alignment: 8)
  }

  deinit { memory.deallocate() }

  /// Packets that did not fit.
  package var lost: UInt64 { lostPackets.load(ordering: .relaxed) }

  // MARK: The fabric's side

  func write(
    _ packet: UnsafeRawBufferPointer, _ direction: CapturedPacket.Direction, of interface: InterfaceID,
    at now: Instant
  ) {
    let headerBytes = MemoryLayout<Header>.stride
    let needed = (headerBytes + packet.count + 7) & ~7
    var position = written.load(ordering: .relaxed)
    let used = position - consumed.load(ordering: .acquiring)
    let offset = position % capacity
    let skipped = offset + needed > capacity ? capacity - offset : 0
    guard used + skipped + needed <= capacity else {
      lostPackets.add(1, ordering: .relaxed)
      return
    }
    if skipped >= headerBytes {
      store(
        Header(recordBytes: UInt32(skipped), packetBytes: .max, direction: 0, interface: 0, at: 0), at: offset
      )
    }
    position += skipped
    let start = position % capacity
    store(
      Header(
        recordBytes: UInt32(needed), packetBytes: UInt32(packet.count), direction: direction.rawValue,
        interface: interface.rawValue, at: now.nanoseconds), at: start)
    if let base = packet.baseAddress {
      (memory + start + headerBytes).copyMemory(from: base, byteCount: packet.count)
    }
    written.store(position + needed, ordering: .releasing)
  }

  private func store(_ header: Header, at offset: Int) {
    (memory + offset).storeBytes(of: header, as: Header.self)
  }

  // MARK: The reader's side

  /// Hands over all that is in the ring, oldest first. Returns how many packets that were.
  @discardableResult
  package func drain(_ body: (CapturedPacket) -> Void) -> Int {
    let headerBytes = MemoryLayout<Header>.stride
    let end = written.load(ordering: .acquiring)
    var position = consumed.load(ordering: .relaxed)
    var count = 0
    while position < end {
      let offset = position % capacity
      if capacity - offset < headerBytes {
        position += capacity - offset
        continue
      }
      let header = (memory + offset).load(as: Header.self)
      if header.packetBytes != .max {
        body(
          CapturedPacket(
            at: Instant(nanoseconds: header.at), interface: InterfaceID(rawValue: header.interface),
            direction: CapturedPacket.Direction(rawValue: header.direction) ?? .outgoing,
            bytes: UnsafeRawBufferPointer(
              start: memory + offset + headerBytes, count: Int(header.packetBytes))))
        count += 1
      }
      position += Int(header.recordBytes)
      consumed.store(position, ordering: .releasing)
    }
    consumed.store(position, ordering: .releasing)
    return count
  }
}
