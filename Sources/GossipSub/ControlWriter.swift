import NIOCore
import Wire

/// Writes one RPC of subscriptions and control messages, and says no when it is full. What is written first
/// always fits.
struct ControlWriter {
  private let bytesMax: Int
  private var subscriptions = ByteBuffer()
  private var control = ByteBuffer()

  init(bytesMax: Int) {
    self.bytesMax = bytesMax
  }

  private var room: Int { bytesMax - subscriptions.readableBytes - control.readableBytes }
  private var isEmpty: Bool { subscriptions.readableBytes + control.readableBytes == 0 }

  mutating func subscribe(_ topic: Topic, _ isSubscribed: Bool) -> Bool {
    var body = ByteBuffer()
    body.writeField(1, varint: isSubscribed ? 1 : 0)
    body.writeField(2, bytes: topic.bytes)
    guard isEmpty || ByteBuffer.fieldBytes(body.readableBytes) <= room else { return false }
    subscriptions.writeField(RPCField.subscriptions, message: body)
    return true
  }

  mutating func write(_ topic: Topic, _ change: OutboundQueue.MeshChange) -> Bool {
    var body = ByteBuffer()
    body.writeField(1, bytes: topic.bytes)
    let field: UInt8
    switch change {
    case .graft:
      field = ControlField.graft
    case .prune(let backoff, let peers):
      field = ControlField.prune
      for peer in peers { body.writeField(2, message: peer.encoded) }
      if let backoff { body.writeField(3, varint: backoff) }
    }
    guard isEmpty || ByteBuffer.fieldBytes(body.readableBytes) <= room else { return false }
    control.writeField(field, message: body)
    return true
  }

  /// IWANT or IDONTWANT; how many ids had room.
  mutating func writeIDs(_ ids: some Collection<MessageID>, as field: UInt8) -> Int {
    write(ids, after: ByteBuffer(), idField: 1, as: field)
  }

  mutating func writeHaves(_ ids: some Collection<MessageID>, of topic: Topic) -> Int {
    var head = ByteBuffer()
    head.writeField(1, bytes: topic.bytes)
    return write(ids, after: head, idField: 2, as: ControlField.ihave)
  }

  private mutating func write(
    _ ids: some Collection<MessageID>, after head: ByteBuffer, idField: UInt8, as field: UInt8
  ) -> Int {
    var body = head
    var count = 0
    for id in ids {
      let size = body.readableBytes + ByteBuffer.fieldBytes(id.bytes.count)
      guard ByteBuffer.fieldBytes(size) <= room || (isEmpty && count == 0) else { break }
      body.writeField(idField, bytes: id.bytes)
      count += 1
    }
    if count > 0 { control.writeField(field, message: body) }
    return count
  }

  /// The RPC behind its length.
  consuming func finish() -> ByteBuffer {
    var body = subscriptions
    if control.readableBytes > 0 { body.writeField(RPCField.control, message: control) }
    var frame = ByteBuffer()
    LengthPrefixedFrames.encode(body, into: &frame)
    return frame
  }
}
