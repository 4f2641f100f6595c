import CLinux

/// One request to rtnetlink, as bytes (rtnetlink(7), netlink(7)): a header, a fixed part, attributes.
struct NetlinkMessage {
  /// Complete but for the sequence number, which the socket sets.
  private(set) var bytes: [UInt8]

  init(type: Int, flags: Int) {
    bytes = [UInt8](repeating: 0, count: 16)
    store(UInt16(truncatingIfNeeded: type), at: 4)
    store(UInt16(truncatingIfNeeded: flags | Int(NLM_F_REQUEST)), at: 6)
    storeLength()
  }

  /// The fixed part: one of the structures of `linux/rtnetlink.h`.
  mutating func appendFixed<Structure: BitwiseCopyable>(_ value: Structure) {
    withUnsafeBytes(of: value) { bytes += $0 }
    pad()
  }

  mutating func append(_ attribute: Int, _ payload: some Sequence<UInt8>) {
    let start = bytes.count
    bytes += [0, 0, 0, 0]
    bytes += payload
    store(UInt16(truncatingIfNeeded: bytes.count - start), at: start)
    store(UInt16(truncatingIfNeeded: attribute), at: start + 2)
    pad()
  }

  mutating func append(_ attribute: Int, _ value: UInt32) {
    append(attribute, withUnsafeBytes(of: value) { Array($0) })
  }

  mutating func append(_ attribute: Int, _ text: String) { append(attribute, Array(text.utf8) + [0]) }

  /// An attribute made of attributes.
  mutating func append(_ attribute: Int, nesting body: (inout NetlinkMessage) -> Void) {
    let start = bytes.count
    bytes += [0, 0, 0, 0]
    body(&self)
    store(UInt16(truncatingIfNeeded: bytes.count - start), at: start)
    store(UInt16(truncatingIfNeeded: attribute), at: start + 2)
    storeLength()
  }

  mutating func setSequence(_ number: UInt32) { store(number, at: 8) }

  private mutating func pad() {
    while bytes.count % 4 != 0 { bytes.append(0) }
    storeLength()
  }

  private mutating func storeLength() { store(UInt32(truncatingIfNeeded: bytes.count), at: 0) }

  /// In the machine's own byte order, as netlink is.
  private mutating func store<Number: FixedWidthInteger>(_ number: Number, at offset: Int) {
    withUnsafeBytes(of: number) { source in
      for (index, byte) in source.enumerated() { bytes[offset + index] = byte }
    }
  }
}
