package import Identity
package import NIOCore

/// An RPC as it stands in a capture: every entry in the order of the wire, judged by nobody's state.
package struct RecordedRPC: Hashable, Sendable {
  package enum Entry: Hashable, Sendable {
    case subscription(Topic, isSubscribed: Bool)
    case message(RecordedMessage)
    case ihave(Topic, [MessageID])
    case iwant([MessageID])
    case graft(Topic)
    /// Peers offered in exchange are counted; zero seconds stand for a backoff that was not said.
    case prune(Topic, offers: Int, backoffSeconds: UInt64)
    case idontwant([MessageID])
  }

  /// More is not kept: a frame of 1 MiB may hold some 350,000 empty entries.
  package static let entriesMax = 4096

  package private(set) var entries: [Entry] = []
  /// Entries beyond the limit.
  package private(set) var omitted = 0
  /// Why reading stopped; what came before stands in `entries`.
  package private(set) var flaw: RouterError?

  package init(_ frame: ByteBuffer) {
    do throws(RouterError) { try read(frame) } catch { flaw = error }
  }

  private mutating func read(_ frame: ByteBuffer) throws(RouterError) {
    var reader = FieldReader(frame)
    while let field = try reader.next() {
      switch (field.number, field.value) {
      case (1, .bytes(let body)): add(try Self.subscription(body))
      case (2, .bytes(let body)): add(.message(RecordedMessage(try WireMessage(body))))
      case (3, .bytes(let body)): try readControl(body)
      case (1...3, _): throw .malformedRPC
      default: break
      }
    }
  }

  private mutating func add(_ entry: Entry) {
    if entries.count < Self.entriesMax { entries.append(entry) } else { omitted += 1 }
  }

  private static func subscription(_ body: ByteBuffer) throws(RouterError) -> Entry {
    var isSubscribed = false
    var topic = ByteBuffer()
    var reader = FieldReader(body)
    while let field = try reader.next() {
      switch (field.number, field.value) {
      case (1, .varint(let value)): isSubscribed = value != 0
      case (2, .bytes(let name)): topic = name
      case (1...2, _): throw .malformedRPC
      default: break
      }
    }
    return .subscription(Topic(topic), isSubscribed: isSubscribed)
  }

  private mutating func readControl(_ control: ByteBuffer) throws(RouterError) {
    var reader = FieldReader(control)
    while let field = try reader.next() {
      guard case .bytes(let body) = field.value else {
        if 1...5 ~= field.number { throw .malformedRPC }
        continue
      }
      switch UInt8(exactly: field.number) {
      case ControlField.ihave: add(.ihave(try Self.topic(in: body), try Self.ids(in: body, field: 2)))
      case ControlField.iwant: add(.iwant(try Self.ids(in: body, field: 1)))
      case ControlField.graft: add(.graft(try Self.topic(in: body)))
      case ControlField.prune: add(try Self.prune(body))
      case ControlField.idontwant: add(.idontwant(try Self.ids(in: body, field: 1)))
      default: break
      }
    }
  }

  private static func topic(in body: ByteBuffer) throws(RouterError) -> Topic {
    var reader = FieldReader(body)
    while let field = try reader.next() {
      if case (1, .bytes(let name)) = (field.number, field.value) { return Topic(name) }
    }
    return Topic(ByteBuffer())
  }

  private static func ids(in body: ByteBuffer, field: UInt64) throws(RouterError) -> [MessageID] {
    var reader = IDReader(body, field: field, bytesMax: body.readableBytes + 1)
    var ids: [MessageID] = []
    while let id = try reader.next() { ids.append(id) }
    return ids
  }

  private static func prune(_ body: ByteBuffer) throws(RouterError) -> Entry {
    var (topic, offers, backoff) = (ByteBuffer(), 0, UInt64(0))
    var reader = FieldReader(body)
    while let field = try reader.next() {
      switch (field.number, field.value) {
      case (1, .bytes(let name)): topic = name
      case (2, .bytes): offers += 1
      case (3, .varint(let seconds)): backoff = seconds
      case (1...3, _): throw .malformedRPC
      default: break
      }
    }
    return .prune(Topic(topic), offers: offers, backoffSeconds: backoff)
  }
}

/// A message as it stands in a capture, and whether strict signing would take it.
package struct RecordedMessage: Hashable, Sendable {
  /// Who says to have written it; nil where it is not said in a form that can be read.
  package let author: PeerID?
  package let sequence: UInt64?
  package let topic: Topic
  package let data: [UInt8]
  package let judgement: Judgement

  package enum Judgement: Hashable, Sendable {
    /// The author's signature is right.
    case valid
    /// The author's key is of a kind that is not verified here, or is neither in its name nor sent along.
    case unverifiable
    case invalid(InvalidMessage)
  }

  init(_ wire: WireMessage) {
    let named = wire.from.flatMap { try? PeerID(bytes: [UInt8]($0.readableBytesView)) }.map { Author($0) }
    author = named?.peer
    sequence = wire.sequence.flatMap { stamp in
      stamp.readableBytes == 8 ? stamp.getInteger(at: stamp.readerIndex, as: UInt64.self) : nil
    }
    topic = Topic(wire.topic ?? ByteBuffer())
    data = [UInt8]((wire.data ?? ByteBuffer()).readableBytesView)
    judgement = Self.judgement(of: wire, by: named, isStamped: sequence != nil)
  }

  /// As the router judges, in its order.
  private static func judgement(
    of wire: WireMessage, by author: Author?, isStamped: Bool
  ) -> Judgement {
    guard wire.from != nil, wire.sequence != nil, let signature = wire.signature else {
      return .invalid(.unsigned)
    }
    guard let author, isStamped else { return .invalid(.malformedStamp) }
    guard let key = author.key ?? sentKey(of: wire, by: author.peer), key.kind == .ed25519 else {
      return .unverifiable
    }
    guard wire.isCanonical else { return .invalid(.notCanonical) }
    if let sent = wire.key, !sent.readableBytesView.elementsEqual(key.protobuf) {
      return .invalid(.foreignKey)
    }
    let isValid = key.isValid(
      signature: [UInt8](signature.readableBytesView), of: Signing.signedBytes(of: wire))
    return isValid ? .valid : .invalid(.invalidSignature)
  }

  /// The key sent along, where it is the author's.
  private static func sentKey(of wire: WireMessage, by author: PeerID) -> PublicKey? {
    guard let sent = wire.key, let key = try? PublicKey(protobuf: [UInt8](sent.readableBytesView)),
      key.peerID == author
    else { return nil }
    return key
  }
}
