import Identity
import NIOCore
@testable import Noise
import SansIO
import Wire

// Noise: the handshake against raw bytes and against payloads that were really encrypted, and the session
// behind it.
extension FuzzTarget {
  static let noise = [
    FuzzTarget("noise-initiator", seeds: [Seed("reply", Exchange.run.reply + [3])]) {
      handshake($0, .initiator)
    },
    FuzzTarget(
      "noise-responder",
      seeds: [
        Seed("first", Exchange.run.first + [3]), Seed("both", Exchange.run.first + Exchange.run.final + [3]),
      ]
    ) { handshake($0, .responder) },
    FuzzTarget("noise-payload", seeds: payloadSeeds, run: payload),
    FuzzTarget("noise-session", seeds: [Seed("sealed", sealedFrames(["one", "two"]) + [3])], run: session),
    FuzzTarget("noise-sealed", seeds: [Seed("frames", [0, 0, 3, 1, 2, 3, 0, 1, 9, 0, 0, 5])], run: sealed),
    FuzzTarget(
      "noise-key-log", seeds: Exchange.run.keyLog.enumerated().map { Seed("line-\($0.offset)", $0.element) }
    ) {
      keyLog($0)
    },
    FuzzTarget(
      "noise-recorded", seeds: [Seed("reply", [1] + Exchange.run.reply.dropFirst(2))], run: recorded),
  ]

  // MARK: A handshake

  /// What two honest sides say to each other.
  struct Exchange {
    var first: [UInt8] = []
    var reply: [UInt8] = []
    var final: [UInt8] = []
    var keyLog: [String] = []

    static let run: Exchange = {
      var (initiator, responder) = (handshake(.initiator), handshake(.responder))
      var exchange = Exchange()
      func carry(_ from: inout Handshake, _ to: inout Handshake) -> [UInt8] {
        var wire = ByteBuffer()
        _ = from.drainOutbound(into: &wire)
        let bytes = [UInt8](wire.readableBytesView)
        certain("an honest handshake") { () throws(NoiseError) in try to.receive(&wire) }
        return bytes
      }
      exchange.first = carry(&initiator, &responder)
      exchange.reply = carry(&responder, &initiator)
      exchange.final = carry(&initiator, &responder)
      while let line = initiator.nextKeyLogLine() { exchange.keyLog.append(line) }
      return exchange
    }()
  }

  static func handshake(_ role: Role, muxers: [ProtocolName] = ["/yamux/1.0.0"]) -> Handshake {
    let salt: UInt8 = role == .initiator ? 10 : 20
    return Handshake(
      role: role, identity: role == .initiator ? alice : bob, staticSeed: [UInt8](repeating: salt, count: 32),
      ephemeralSeed: [UInt8](repeating: salt + 1, count: 32), expectedPeer: nil, muxers: muxers)
  }

  private struct HandshakeCourse: Equatable {
    var failure: NoiseError?
    var peer: PeerID?
    var muxer: ProtocolName?
    var sent: [UInt8] = []
    var left: [UInt8] = []
  }

  private static func handshake(_ input: FuzzInput, _ role: Role) {
    var input = input
    let mode = input.decision()
    let bytes = input.rest()
    let (whole, cut) = (course(of: bytes, role, .whole), course(of: bytes, role, Cutting(mode)))
    expect(whole == cut, "a handshake does not care how bytes arrive: \(whole) \(cut)")
  }

  private static func course(of bytes: [UInt8], _ role: Role, _ cutting: Cutting) -> HandshakeCourse {
    var handshake = handshake(role)
    var course = HandshakeCourse()
    var (held, wire) = (ByteBuffer(), ByteBuffer())
    for piece in cutting.pieces(of: bytes) {
      held.writeImmutableBuffer(piece)
      do throws(NoiseError) {
        try handshake.receive(&held)
      } catch {
        expect(attempt { () throws(NoiseError) in try handshake.receive(&held) } == nil, "an error is final")
        return HandshakeCourse(failure: error)
      }
      _ = handshake.drainOutbound(into: &wire)
      while handshake.nextKeyLogLine() != nil {}
      if let outcome = handshake.takeOutcome() {
        (course.peer, course.muxer) = (outcome.remotePeer, outcome.muxer)
        expect(handshake.takeOutcome() == nil, "an outcome comes once")
      }
    }
    course.sent = [UInt8](wire.readableBytesView)
    course.left = [UInt8](held.readableBytesView)
    return course
  }

  // MARK: Payloads

  private static var payloadSeeds: [Seed] {
    let seeds: [Seed] = [Role.initiator, .responder].map { role in
      let staticKey = HandshakeState(role: role, staticSeed: peerStatic, ephemeralSeed: peerEphemeral)
        .staticPublicKey
      let bytes = HandshakePayload.encode(
        identity: bob, staticKey: staticKey, muxers: ["/yamux/1.0.0", "/mplex/6.7.0"])
      return Seed("\(role)", [role == .initiator ? 1 : 0] + bytes)
    }
    return seeds + [Seed("signed", [2, 0x22, 14, 0x12, 12] + "/yamux/1.0.0".utf8)]
  }

  private static let peerStatic = [UInt8](repeating: 30, count: 32)
  private static let peerEphemeral = [UInt8](repeating: 31, count: 32)

  /// A peer whose cryptography is right says anything at all in its payload: bytes as they come, or behind a
  /// genuine key and signature.
  private static func payload(_ input: FuzzInput) {
    var input = input
    let choice = input.byte()
    let ours: Role = choice & 1 == 1 ? .responder : .initiator
    var bytes = input.rest()
    var peer = HandshakeState(
      role: ours == .initiator ? .responder : .initiator, staticSeed: peerStatic, ephemeralSeed: peerEphemeral
    )
    if choice & 2 == 2 {
      bytes = HandshakePayload.encode(identity: bob, staticKey: peer.staticPublicKey, muxers: []) + bytes
    }
    guard bytes.count <= 60_000 else { return }
    var handshake = handshake(ours)
    var wire = ByteBuffer()
    let failure = firstFailure { () throws(NoiseError) in
      if ours == .initiator {
        _ = handshake.drainOutbound(into: &wire)
        _ = try peer.read([UInt8](wire.readableBytesView.dropFirst(2)))
      } else {
        wire = message(try peer.write([]))
        try handshake.receive(&wire)
        _ = handshake.drainOutbound(into: &wire)
        _ = try peer.read([UInt8](wire.readableBytesView.dropFirst(2)))
      }
      wire = message(try peer.write(bytes))
      try handshake.receive(&wire)
    }
    guard failure == nil else { return expect(handshake.takeOutcome() == nil, "no outcome with \(failure!)") }
    guard let outcome = handshake.takeOutcome() else { fatalError("violated: neither outcome nor error") }
    // Whoever it claims to be, it could only sign as who it is.
    expect(outcome.remotePeer == bob.peerID, "\(outcome.remotePeer) did not sign this")
    expect(outcome.muxer == nil || outcome.muxer == "/yamux/1.0.0", "\(outcome.muxer!) was not offered")
  }

  private static func message(_ bytes: [UInt8]) -> ByteBuffer {
    var wire = ByteBuffer()
    wire.writeInteger(UInt16(bytes.count))
    wire.writeBytes(bytes)
    return wire
  }

  private static func firstFailure<Failure: Error>(_ body: () throws(Failure) -> Void) -> Failure? {
    do throws(Failure) {
      try body()
      return nil
    } catch {
      return error
    }
  }

  // MARK: Sessions

  private static let cipher = CipherState(key: [UInt8](repeating: 42, count: 32))

  private static func sealedFrames(_ texts: [String]) -> [UInt8] {
    var sealer = FrameSealer(cipher)
    var wire = ByteBuffer()
    for text in texts { seal([UInt8](text.utf8), &sealer, &wire) }
    return [UInt8](wire.readableBytesView)
  }

  private static func seal(_ plaintext: [UInt8], _ sealer: inout FrameSealer, _ wire: inout ByteBuffer) {
    let start = sealer.beginFrame(in: &wire)
    wire.writeBytes(plaintext)
    certain("sealing") { () throws(NoiseError) in try sealer.sealFrame(start, in: &wire) }
  }

  /// What an opener makes of bytes, every piece once in storage of its own and once in storage somebody else
  /// holds.
  private static func open(
    _ bytes: [UInt8], _ cutting: Cutting, shared: Bool
  ) -> (plaintexts: [[UInt8]], failure: NoiseError?) {
    var opener = FrameOpener(cipher)
    var plaintexts: [[UInt8]] = []
    for piece in cutting.pieces(of: bytes) {
      let holder = shared ? piece : ByteBuffer()
      let failure = firstFailure { () throws(NoiseError) in
        try opener.receive(shared ? piece : ByteBuffer(buffer: piece))
      }
      while let plaintext = opener.nextPlaintext() { plaintexts.append([UInt8](plaintext.readableBytesView)) }
      expect(!shared || holder == piece, "bytes that others hold stay as they are")
      expect(opener.storageBytes <= 1 << 18, "\(opener.storageBytes) bytes held")
      if let failure {
        expect(attempt { () throws(NoiseError) in try opener.receive(piece) } == nil, "an error is final")
        return (plaintexts, failure)
      }
    }
    opener.releaseIdleStorage()
    return (plaintexts, nil)
  }

  private static func session(_ input: FuzzInput) {
    var input = input
    let cutting = Cutting(input.decision())
    let bytes = input.rest()
    check(bytes, cutting)
  }

  private static func check(_ bytes: [UInt8], _ cutting: Cutting) {
    let whole = open(bytes, .whole, shared: false)
    for opened in [open(bytes, cutting, shared: false), open(bytes, cutting, shared: true)] {
      expect(opened == whole, "a session does not care how bytes arrive: \(whole) \(opened)")
    }
  }

  /// Frames that were really sealed, then changed in one of the ways a network or an adversary may change
  /// them.
  private static func sealed(_ input: FuzzInput) {
    var input = input
    let (mode, change, place) = (input.decision(), input.decision(), input.decision())
    var sealer = FrameSealer(cipher)
    var sent: [[UInt8]] = []
    var wires: [[UInt8]] = []
    while !input.isEmpty {
      let plaintext = input.take(Int(input.short() % 5000))
      var wire = ByteBuffer()
      seal(plaintext, &sealer, &wire)
      guard !plaintext.isEmpty else { continue }
      sent.append(plaintext)
      wires.append([UInt8](wire.readableBytesView))
    }
    guard !wires.isEmpty else { return }
    let index = Int(place) % wires.count
    switch change {
    case 1: wires.remove(at: index)
    case 2: wires.insert(wires[index], at: index)
    case 3: wires.swapAt(index, wires.count - 1)
    case 4...: wires[index][Int(change) % wires[index].count] ^= 1 << (place & 7)
    default: break
    }
    let bytes = wires.flatMap { $0 }
    check(bytes, Cutting(mode))
    let (plaintexts, failure) = open(bytes, .whole, shared: false)
    expect(sent.starts(with: plaintexts), "only what was sent comes out, in its order")
    if change == 0 { expect(failure == nil && plaintexts == sent, "all that was sent comes out") }
    if change >= 4 { expect(plaintexts.count <= index, "a frame that was changed does not come out") }
  }

  // MARK: Key log

  private static func keyLog(_ input: FuzzInput) {
    var input = input
    let line = input.restAsText()
    guard let entry = attempt({ () throws(KeyLog.LineError) in try KeyLog.Entry(line: line) }) else { return }
    let again = attempt { () throws(KeyLog.LineError) in try KeyLog.Entry(line: entry.line) }
    expect(again == entry, "a line is read as it is written: \(entry.line)")
  }

  private static func recorded(_ input: FuzzInput) {
    var input = input
    let which = input.byte()
    guard let line = Exchange.run.keyLog.first,
      case .handshake(let keys)? = attempt({ () throws(KeyLog.LineError) in try KeyLog.Entry(line: line) })
    else { fatalError("violated: the first line is of the handshake") }
    var handshake = RecordedHandshake(keys: keys)
    for (index, message) in [HandshakeMessage.first, .reply, .final].enumerated() {
      let genuine = [Exchange.run.first, Exchange.run.reply, Exchange.run.final][index].dropFirst(2)
      let bytes = index == Int(which % 3) ? input.rest() : [UInt8](genuine)
      guard attempt({ () throws(NoiseError) in try handshake.open(message, bytes) }) != nil else { return }
    }
  }
}
