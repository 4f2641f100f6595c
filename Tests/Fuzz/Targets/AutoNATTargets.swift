import AutoNAT
import Identity
import NIOCore
import SansIO
import Wire

// What servers and clients may say to each other, and what becomes of machines that hear it.
extension FuzzTarget {
  static let autoNAT = [
    FuzzTarget("autonat-v1-message", seeds: v1Seeds, run: v1Message),
    FuzzTarget("autonat-v2-message", seeds: v2Seeds, run: v2Message),
    FuzzTarget("autonat-server", seeds: serverSeeds, run: autoNATServer),
    FuzzTarget("autonat-client", seeds: clientSeeds, run: autoNATClient),
  ]

  private static let home = Multiaddr.tcp(.v4(IPv4Address(rawValue: 0x2D01_0203)), port: 4001)
  private static let elsewhere = Multiaddr.tcp(.v4(IPv4Address(rawValue: 0x5001_0101)), port: 4001)

  // MARK: Messages

  private static var v1Seeds: [Seed] {
    [
      Seed("dial", body(V1Message.dial(nil, [home]).encoded)),
      Seed("ok", body(V1Message.response(.ok, home).encoded)),
      Seed("error", body(V1Message.response(.dialError, nil).encoded)),
    ]
  }

  private static var v2Seeds: [Seed] {
    [
      Seed("request", body(V2Message.dialRequest([home, nil], nonce: 77).encoded)),
      Seed("response", body(V2Message.dialResponse(.init(.ok, index: 1, .dialError)).encoded)),
      Seed("demand", body(V2Message.dialDataRequest(index: 1, bytes: 30_000).encoded)),
      Seed("data", body(V2Message.dialData(bytes: 20).encoded)),
    ]
  }

  private static func body(_ frame: ByteBuffer) -> [UInt8] {
    var frames = LengthPrefixedFrames(maxBytes: 1 << 16)
    var frame = frame
    frames.receive(&frame)
    let body = certain("our own frames are whole") { () throws(WireError) in try frames.nextFrame() }
    return body.map { [UInt8]($0.readableBytesView) } ?? []
  }

  private static func v1Message(_ input: FuzzInput) {
    var input = input
    let bytes = ByteBuffer(bytes: input.rest())
    guard let message = attempt({ () throws(AutoNATError) in try V1Message(decoding: bytes) }) else { return }
    if case .dial(_, let addresses) = message {
      expect(addresses.count <= V1Message.addressesMax, "addresses are bounded")
    }
    let again = certain("what is written can be read") { () throws(AutoNATError) in
      try V1Message(decoding: ByteBuffer(bytes: body(message.encoded)))
    }
    expect(again == message, "what is written is read")
  }

  private static func v2Message(_ input: FuzzInput) {
    var input = input
    let bytes = ByteBuffer(bytes: input.rest())
    _ = attempt { () throws(AutoNATError) in try DialBackMessage.nonce(decoding: bytes) }
    _ = attempt { () throws(AutoNATError) in try DialBackMessage.response(decoding: bytes) }
    guard let message = attempt({ () throws(AutoNATError) in try V2Message(decoding: bytes) }) else { return }
    if case .dialRequest(let addresses, _) = message {
      expect(addresses.count <= V2Message.addressesMax, "addresses are bounded")
    }
    let again = certain("what is written can be read") { () throws(AutoNATError) in
      try V2Message(decoding: ByteBuffer(bytes: body(message.encoded)))
    }
    expect(again == message, "what is written is read")
  }

  // MARK: Server

  /// A stream, a frame on it, time.
  private static var serverSeeds: [Seed] {
    func steps(_ kind: UInt8, _ frame: ByteBuffer) -> [UInt8] {
      let bytes = [UInt8](frame.readableBytesView)
      return [0, kind, 1, 0, UInt8(bytes.count)] + bytes + [2, 4]
    }
    return [
      Seed("v1", steps(0, V1Message.dial(nil, [home]).encoded) + [3, 0, 4, 0]),
      Seed(
        "v2", steps(1, V2Message.dialRequest([home], nonce: 77).encoded) + [3, 0, 5, 0, 1, 1, 1, 0, 2, 40]),
      Seed("elsewhere", steps(1, V2Message.dialRequest([elsewhere], nonce: 77).encoded) + [2, 200]),
    ]
  }

  private static func autoNATServer(_ input: FuzzInput) {
    var input = input
    var now = Instant.zero
    var server = Server(transports: [.ip4, .ip6, .tcp], generator: SeededGenerator(seed: 1), now: now)
    var streams: [StreamHandle] = []
    var dials: [DialKey] = []
    var opens: [OpenID] = []
    var (number, elsewheres): (UInt32, UInt64) = (0, 0)
    while !input.isEmpty {
      switch input.byte() & 7 {
      case 0:
        let kind = input.byte()
        number += 1
        let stream = StreamHandle(connection: ConnectionID(rawValue: 1), stream: number)
        streams.append(stream)
        server.streamOpened(
          stream, kind & 1 == 0 ? .v1 : .v2, by: kind & 2 == 0 ? alice.peerID : bob.peerID, from: home,
          isRelayed: kind & 0xF0 == 0xF0, at: now)
      case 1:
        let index = Int(input.byte())
        var bytes = ByteBuffer(bytes: input.take(Int(input.byte())))
        if index < streams.count { server.receive(&bytes, from: streams[index], at: now) }
      case 2:
        now += .milliseconds(Int64(input.byte()) * 50)
        server.advance(to: now)
      case 3:
        guard let key = dials.popLast() else { break }
        server.dialed(key, on: ConnectionID(rawValue: key.rawValue + 1000), at: now)
      case 4: if let key = dials.popLast() { server.dialFailed(key, at: now) }
      case 5:
        guard let open = opens.popLast() else { break }
        let stream = StreamHandle(connection: ConnectionID(rawValue: 2), stream: number)
        number += 1
        streams.append(stream)
        server.opened(open, as: stream, at: now)
      case 6: if let open = opens.popLast() { server.openFailed(open, at: now) }
      default:
        let which = input.byte()
        guard Int(which >> 1) < streams.count else { break }
        if which & 1 == 0 {
          server.remoteFinished(streams[Int(which >> 1)], at: now)
        } else {
          server.streamEnded(streams[Int(which >> 1)], at: now)
        }
      }
      while let event = server.nextEvent() {
        switch event {
        case .dial(let key, let address, _):
          dials.append(key)
          expect(address.host?.ip?.reach == .global, "\(address) is dialled")
          if address.host != home.host { elsewheres += 1 }
        case .open(let open, _, _): opens.append(open)
        case .cancelDial, .closeConnection, .write, .consumed, .finish, .reset: break
        }
      }
      expect(
        server.counters.dialDataBytes >= elsewheres * UInt64(dialDataBytes.lowerBound),
        "\(elsewheres) dials for \(server.counters.dialDataBytes) bytes")
      expect(server.streamCount <= server.configuration.streamsMax, "streams are bounded")
    }
    for _ in 0..<8 {
      now += .seconds(20)
      server.advance(to: now)
    }
    expect(server.streamCount == 0 && server.dialCount == 0 && server.deadline == nil, "everything ends")
  }

  // MARK: Client

  private static var clientSeeds: [Seed] {
    func steps(_ frame: ByteBuffer) -> [UInt8] {
      let bytes = [UInt8](frame.readableBytesView)
      return [1, 0, UInt8(bytes.count)] + bytes
    }
    let proof: [UInt8] = [3, 3, 10, 9, 9, 0, 0, 0, 0, 0, 0, 0, 0]
    return [
      Seed(
        "claim", [0, 1, 2, 50] + proof + steps(V2Message.dialResponse(.init(.ok, .ok)).encoded) + [2, 200]),
      Seed("private", [0, 1, 2, 50] + steps(V2Message.dialResponse(.init(.ok, .dialError)).encoded)),
      Seed("paying", [0, 1, 2, 50] + steps(V2Message.dialDataRequest(index: 0, bytes: 30_000).encoded)),
      Seed("v1", [0, 0, 2, 50] + steps(V1Message.response(.dialError, nil).encoded)),
    ]
  }

  private static func autoNATClient(_ input: FuzzInput) {
    var input = input
    var now = Instant.zero
    var client = Client(own: carol.peerID, generator: SeededGenerator(seed: 1), now: now)
    client.candidatesChanged([Candidate(elsewhere, .announced)], at: now)
    var streams: [StreamHandle] = []
    var number: UInt32 = 0
    func next() -> StreamHandle {
      number += 1
      streams.append(StreamHandle(connection: ConnectionID(rawValue: 1), stream: number))
      return streams[streams.count - 1]
    }
    while !input.isEmpty {
      switch input.byte() & 7 {
      case 0:
        let kind = input.byte()
        client.serverFound(
          kind & 2 == 0 ? alice.peerID : bob.peerID, speaks: kind & 1 == 0 ? [.v1] : [.v2],
          at: .tcp(.v4(IPv4Address(rawValue: 0x2D00_0001 + UInt32(kind) << 16)), port: 1), now: now)
      case 1:
        let index = Int(input.byte())
        var bytes = ByteBuffer(bytes: input.take(Int(input.byte())))
        if index < streams.count { client.receive(&bytes, from: streams[index], at: now) }
      case 2:
        now += .milliseconds(Int64(input.byte()) * 50)
        client.advance(to: now)
      case 3:
        let kind = input.byte()
        let stream = next()
        client.streamOpened(stream, local: home, isInbound: kind & 1 == 1, at: now)
        var bytes = ByteBuffer(bytes: input.take(Int(input.byte())))
        client.receive(&bytes, from: stream, at: now)
      case 4: client.networkChanged(at: now)
      case 5: client.serverLost(alice.peerID, at: now)
      default:
        let which = input.byte()
        guard Int(which >> 1) < streams.count else { break }
        if which & 1 == 0 {
          client.remoteFinished(streams[Int(which >> 1)], at: now)
        } else {
          client.streamEnded(streams[Int(which >> 1)], at: now)
        }
      }
      while let event = client.nextEvent() {
        switch event {
        case .open(let open, _, _): client.opened(open, as: next(), at: now)
        case .write, .consumed, .finish, .reset, .addressChanged: break
        case .reachability(_, let addresses):
          expect(addresses.isEmpty || client.counters.dialBacksAccepted > 0, "what is confirmed was proven")
        }
      }
      expect(client.counters.dialDataBytes <= 2_000_000, "what is paid is bounded")
    }
  }
}
