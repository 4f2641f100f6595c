import AutoNAT
import CircuitRelay
import DCUtR
import Identity
import Multistream
import NIOCore
import Noise
import SansIO
import Wire
import Yamux

/// A peer whose cryptography is right and whose words are anything: it upgrades a connection honestly and
/// from then on says what the run's bytes tell it to.
struct HostilePeer {
  let role: Role
  private var session: Noise.Session

  /// How far the upgrade goes before the peer turns hostile.
  enum Upgrade: UInt8 {
    /// The muxer agreed within the handshake.
    case early
    /// The muxer agreed by multistream-select.
    case multistream
    /// The muxer's negotiation is left to the run.
    case none
  }

  static let protocols: [ProtocolName] = [
    "/a/1", "/ipfs/ping/1.0.0", "/ipfs/id/1.0.0", "/ipfs/id/push/1.0.0", "/perf/1.0.0", "/gopeer/bench/1",
    "/b/1", "/no", .relayHop, .relayStop, .dcutr, .autoNAT, .autoNATDialRequest, .autoNATDialBack,
  ]

  /// What relays and those behind them say to each other: bytes alone would rarely come to it.
  private static let sayings: [[UInt8]] = {
    let (elsewhere, carol) = (
      Multiaddr.tcp(.v4(IPv4Address(rawValue: 0x5003_0001)), port: 4003), FuzzTarget.carol.peerID
    )
    let reservation = Reservation(expiration: 4000, addresses: [elsewhere], voucher: nil)
    let short = CircuitRelay.Limit(duration: .seconds(2), bytes: 1000)
    let frames = [
      HopMessage.status(.ok, reservation, .unlimited).encoded, HopMessage.status(.ok, nil, short).encoded,
      HopMessage.status(.reservationRefused, nil, .unlimited).encoded, HopMessage.reserve.encoded,
      HopMessage.connect(to: carol).encoded, HopMessage.connect(to: FuzzTarget.alice.peerID).encoded,
      StopMessage.connect(from: carol, .unlimited).encoded, StopMessage.connect(from: carol, short).encoded,
      StopMessage.status(.ok).encoded, DCUtR.Message.connect([elsewhere]).encoded, DCUtR.Message.sync.encoded,
      V1Message.dial(nil, [elsewhere]).encoded, V1Message.response(.ok, elsewhere).encoded,
      V2Message.dialRequest([elsewhere], nonce: 7).encoded, V2Message.dialData(bytes: 4000).encoded,
      V2Message.dialResponse(.init(.ok, index: 0, .ok)).encoded, DialBackMessage.encoded(nonce: 7),
    ]
    return frames.map { [UInt8]($0.readableBytesView) }
  }()

  /// Upgrades: `say` hands bytes to the other side, `hear` takes what it has to say.
  static func upgrade(
    _ role: Role, _ upgrade: Upgrade, say: (ByteBuffer) -> Void, hear: () -> ByteBuffer
  ) -> HostilePeer {
    var handshake = FuzzTarget.handshake(role, muxers: upgrade == .early ? ["/yamux/1.0.0"] : [])
    var (inbound, outbound) = (ByteBuffer(), ByteBuffer())
    var (dialer, listener) = (Dialer(["/noise"], lazy: true), Listener())
    var isNoise = false
    if role == .initiator { _ = dialer.drainOutbound(into: &outbound) }
    for _ in 0..<8 {
      if role == .initiator || isNoise { _ = handshake.drainOutbound(into: &outbound) }
      if outbound.readableBytes > 0 { say(ByteBuffer(bytes: outbound.readableBytesView)) }
      outbound = ByteBuffer()
      if let outcome = handshake.takeOutcome() {
        var peer = HostilePeer(role: role, session: outcome.session)
        if upgrade == .multistream { say(peer.seal(line("/multistream/1.0.0") + line("/yamux/1.0.0"))) }
        return peer
      }
      var bytes = hear()
      inbound.writeBuffer(&bytes)
      certain("an honest upgrade") { () throws(MultistreamError) in
        if isNoise { return }
        let agreed =
          role == .initiator
          ? try dialer.receive(&inbound) : try listener.receive(&inbound) { $0 == "/noise" }
        _ = listener.drainOutbound(into: &outbound)
        isNoise = agreed != nil
      }
      guard isNoise else { continue }
      certain("an honest handshake") { () throws(NoiseError) in try handshake.receive(&inbound) }
    }
    fatalError("violated: an honest upgrade ends")
  }

  static func line(_ text: String) -> [UInt8] { [UInt8(text.utf8.count + 1)] + text.utf8 + [0x0A] }

  mutating func seal(_ plaintext: [UInt8]) -> ByteBuffer {
    var wire = ByteBuffer()
    let start = session.beginFrame(in: &wire)
    wire.writeBytes(plaintext.prefix(TransportFrame.plaintextBytesMax))
    certain("sealing") { () throws(NoiseError) in try session.sealFrame(start, in: &wire) }
    return wire
  }

  /// What the peer says next, sealed.
  mutating func say(_ input: inout FuzzInput) -> ByteBuffer {
    var plaintext: [UInt8] = []
    let count = 1 + Int(input.byte() & 3)
    for _ in 0..<count { plaintext += words(&input) }
    return seal(plaintext)
  }

  private func words(_ input: inout FuzzInput) -> [UInt8] {
    switch input.byte() & 7 {
    case 0: return input.take(Int(input.byte()))
    case 1:
      let (kind, flags, id) = (input.byte(), input.byte(), input.byte())
      let frame = Frame(
        Frame.Kind(rawValue: kind & 3) ?? .data, Frame.Flags(rawValue: UInt16(flags & 15)),
        stream: StreamID(rawValue: UInt32(id & 31)), length: input.number())
      return encode(frame)
        + [UInt8](repeating: 0, count: frame.kind == .data ? Int(min(frame.length, 4096)) : 0)
    case 2:
      let id = StreamID(rawValue: UInt32(input.byte() & 15) * 2 + (role == .initiator ? 1 : 2))
      let proposal = Self.line("/multistream/1.0.0") + Self.line(name(&input).rawValue)
      return encode(Frame(.windowUpdate, .syn, stream: id))
        + data(proposal + payload(&input), on: id, input.byte())
    case 3:
      let id = anyStream(&input)
      return data(payload(&input), on: id, input.byte())
    case 4:
      let id = anyStream(&input)
      return data(Self.line("/multistream/1.0.0") + Self.line(name(&input).rawValue), on: id, input.byte())
    case 5: return encode(Frame(.windowUpdate, stream: anyStream(&input), length: input.number()))
    case 6: return encode(Frame(.windowUpdate, .rst, stream: anyStream(&input), length: input.number()))
    default:
      let isPing = input.byte() & 7 != 0
      return encode(
        isPing ? Frame(.ping, input.byte() & 1 == 0 ? .syn : .ack, length: input.number()) : Frame(.goAway))
    }
  }

  private func payload(_ input: inout FuzzInput) -> [UInt8] {
    let count = Int(input.byte())
    if count >= 224 { return Self.sayings[count % Self.sayings.count] }
    // Long payloads of nothing, so that few bytes of a run can be many on the wire.
    return count < 200 ? input.take(count) : [UInt8](repeating: 0, count: (count - 199) * 64)
  }

  private func name(_ input: inout FuzzInput) -> ProtocolName {
    Self.protocols[Int(input.byte()) % Self.protocols.count]
  }

  private func anyStream(_ input: inout FuzzInput) -> StreamID {
    StreamID(rawValue: UInt32(input.byte() & 31))
  }

  private func data(_ bytes: [UInt8], on id: StreamID, _ choice: UInt8) -> [UInt8] {
    encode(Frame(.data, choice & 3 == 3 ? .fin : [], stream: id, length: UInt32(bytes.count))) + bytes
  }

  private func encode(_ frame: Frame) -> [UInt8] { FuzzTarget.encode([(frame, body: [])]) }
}
