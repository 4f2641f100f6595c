import NIOCore
import Wire

/// A message as received: where its fields lie, none of them judged yet.
struct WireMessage {
  /// All of it, as the author encoded it.
  let raw: ByteBuffer
  private(set) var from: ByteBuffer?
  private(set) var data: ByteBuffer?
  private(set) var sequence: ByteBuffer?
  private(set) var topic: ByteBuffer?
  private(set) var signature: ByteBuffer?
  private(set) var key: ByteBuffer?

  /// Every known field at most once and in the order of numbers, then unknown ones; no number longer than it
  /// need be.
  ///
  /// Go and Rust peers decode a message and check the signature over their own encoding of it. Anything else
  /// would pass here, be passed on, and be held against us by them.
  private(set) var isCanonical = true

  /// Where the data ends in `raw`.
  private var dataEnd = 0
  /// Signature and key, which are not signed, lie between.
  private(set) var signedHead: Int
  private(set) var signedTail: Int

  init(_ raw: ByteBuffer) throws(RouterError) {
    self.raw = raw
    signedHead = raw.writerIndex
    signedTail = raw.writerIndex
    var reader = FieldReader(raw)
    var last: UInt64 = 0
    while let field = try reader.next() {
      if field.number <= 6 && field.number <= last { isCanonical = false }
      if field.number > 4 { signedHead = min(signedHead, field.start) }
      if field.number > 6 { signedTail = min(signedTail, field.start) }
      last = max(last, field.number)
      switch (field.number, field.value) {
      case (1, .bytes(let bytes)): from = bytes
      case (2, .bytes(let bytes)): (data, dataEnd) = (bytes, field.end)
      case (3, .bytes(let bytes)): sequence = bytes
      case (4, .bytes(let bytes)): topic = bytes
      case (5, .bytes(let bytes)): signature = bytes
      case (6, .bytes(let bytes)): key = bytes
      case (1...6, _): throw .malformedRPC
      default: break
      }
    }
    if !reader.isMinimal { isCanonical = false }
  }

  /// The data where it lies in `frame`, made of this message.
  func data(in frame: ByteBuffer) -> ByteBuffer {
    guard let data else { return ByteBuffer() }
    let start = frame.writerIndex - (raw.writerIndex - dataEnd) - data.readableBytes
    return frame.getSlice(at: start, length: data.readableBytes) ?? ByteBuffer()
  }

  /// The message in an RPC of its own, behind its length.
  static func frame(_ raw: ByteBuffer) -> ByteBuffer {
    let body = ByteBuffer.fieldBytes(raw.readableBytes)
    var frame = ByteBuffer()
    frame.reserveCapacity(body + Varint.size(of: UInt64(body)))
    Varint.encode(UInt64(body), into: &frame)
    frame.writeField(RPCField.publish, message: raw)
    return frame
  }
}

/// Field numbers of the RPC (pubsub/README.md, gossipsub-v1.0.md, v1.1 and v1.2).
enum RPCField {
  static let subscriptions: UInt8 = 1
  static let publish: UInt8 = 2
  static let control: UInt8 = 3
}

/// Field numbers of the control message.
enum ControlField {
  static let ihave: UInt8 = 1
  static let iwant: UInt8 = 2
  static let graft: UInt8 = 3
  static let prune: UInt8 = 4
  static let idontwant: UInt8 = 5
}
