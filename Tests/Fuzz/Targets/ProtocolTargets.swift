import Identify
import Identity
import NIOCore
import Perf
import Ping
import SansIO
import Wire

// The protocols on single streams.
extension FuzzTarget {
  static let protocols = [
    FuzzTarget("identify-receiver", seeds: identifySeeds, run: identifyReceiver),
    FuzzTarget(
      "ping-responder", seeds: [Seed("two", [UInt8](repeating: 5, count: 64) + [1, 0])], run: pingResponder),
    FuzzTarget("ping-initiator", seeds: [Seed("run", [0, 1, 32, 0, 1, 20, 1, 12, 3])], run: pingInitiator),
    FuzzTarget("perf-server", seeds: perfServerSeeds, run: perfServer),
    FuzzTarget(
      "perf-client",
      seeds: [Seed("run", [0, 9, 9, 1, 200, 0, 9, 2, 0, 20]), Seed("counted", [1, 1, 1, 1, 9])]
    ) {
      perfClient($0)
    },
  ]

  // MARK: Identify

  private static var identifySeeds: [Seed] {
    let message = Message(
      publicKey: alice.publicKey.protobuf, listenAddrs: record.addresses,
      protocols: [.identify, "/ipfs/ping/1.0.0"],
      observedAddr: record.addresses[0], protocolVersion: "/p2p/1", agentVersion: "agent",
      signedPeerRecord: record.sealed(by: alice))
    var wire = ByteBuffer()
    let sender = attempt { () throws(IdentifyError) in try Sender(message) }
    guard var sender else { return [] }
    _ = sender.drainOutbound(into: &wire)
    return [Seed("message", [UInt8](wire.readableBytesView) + [1, 3]), Seed("empty", [0, 1, 0])]
  }

  private static func identifyReceiver(_ input: FuzzInput) {
    var input = input
    let (mode, finishes) = (input.decision(), input.decision() & 1 == 1)
    let bytes = input.rest()
    let (whole, cut) = (hear(bytes, .whole, finishes), hear(bytes, Cutting(mode), finishes))
    expect(
      whole.message == cut.message && whole.failure == cut.failure,
      "a receiver does not care how bytes arrive")
    guard let message = whole.message else { return }
    expect(finishes, "a message is whole when the peer says so")
    var description = PeerDescription(of: alice.peerID)
    guard
      attempt({ () throws(IdentifyError) in try message.apply(to: &description, isRelayed: false) }) != nil
    else {
      return expect(
        description == PeerDescription(of: alice.peerID), "a message that is refused changes nothing")
    }
    expect(description.listenAddrs.count <= MessageLimits.listenAddrsMax, "addresses are bounded")
    expect(description.protocols.count <= MessageLimits.protocolsMax, "protocols are bounded")
    expect(
      description.listenAddrs.allSatisfy { ($0.peerID ?? alice.peerID) == alice.peerID },
      "addresses are the peer's")
    for text in [description.agentVersion ?? "", description.protocolVersion ?? ""]
      + description.protocols.map(\.rawValue)
    {
      expect(Printable.isPrintable(text), "text can be shown: \(text)")
    }
    expect((description.agentVersion?.utf8.count ?? 0) <= MessageLimits.versionBytesMax, "versions are short")
    expect(description.publicKey.map { $0.peerID == alice.peerID } ?? true, "the key is the peer's")
  }

  private static func hear(
    _ bytes: [UInt8], _ cutting: Cutting, _ finishes: Bool
  ) -> (message: Message?, failure: IdentifyError?) {
    var receiver = Receiver(at: .zero)
    var message: Message?
    do throws(IdentifyError) {
      for piece in cutting.pieces(of: bytes) {
        var piece = piece
        receiver.receive(&piece)
        expect(piece.readableBytes == 0, "all is taken")
        if let event = try receiver.nextEvent() { fatalError("violated: \(event) before the end") }
      }
      if finishes { receiver.remoteFinished() }
      if case .received(let received)? = try receiver.nextEvent() { message = received }
      if let deadline = receiver.deadline { receiver.advance(to: deadline) }
      expect(receiver.deadline == nil, "a receiver ends in time")
      if try receiver.nextEvent() != nil { fatalError("violated: a second message") }
      return (message, nil)
    } catch {
      return (message, error)
    }
  }

  // MARK: Ping

  private static func pingResponder(_ input: FuzzInput) {
    var input = input
    let (mode, finishes) = (input.decision(), input.decision() & 1 == 1)
    let bytes = [UInt8](input.rest().prefix(Responder.backlogBytesMax))
    var responder = Responder(at: .zero)
    var echo = ByteBuffer()
    for piece in Cutting(mode).pieces(of: bytes) {
      var piece = piece
      responder.receive(&piece, at: .zero)
      if mode & 1 == 0 { _ = responder.drainOutbound(into: &echo) }
    }
    if finishes { responder.remoteFinished() }
    _ = responder.drainOutbound(into: &echo)
    let outcome = attempt { () throws(PingError) in try responder.nextEvent() }
    let isWhole = bytes.count % 32 == 0
    // What was echoed before the peer stopped inside a payload was right too.
    expect(
      echo.readableBytesView.elementsEqual(bytes.prefix(echo.readableBytes)), "the echo is what was said")
    expect(
      echo.readableBytes == bytes.count - bytes.count % 32 || (finishes && !isWhole),
      "whole payloads come back")
    if finishes {
      expect(isWhole ? outcome == .some(.ended) : outcome == nil, "\(bytes.count) bytes and the end")
    }
  }

  private static func pingInitiator(_ input: FuzzInput) {
    var input = input
    var initiator = Initiator()
    var generator = SeededGenerator(seed: 1)
    var now = Instant.zero
    var (owed, pinged, measured) = (ByteBuffer(), 0, 0)
    var isOver = false
    while !input.isEmpty {
      switch input.byte() & 7 {
      case 0: if initiator.ping(at: now, using: &generator) { pinged += 1 }
      case 1:
        var right = owed.readSlice(length: min(Int(input.byte()), owed.readableBytes)) ?? ByteBuffer()
        initiator.receive(&right, at: now)
      case 2:
        var wrong = ByteBuffer(bytes: input.take(Int(input.byte() & 15)))
        initiator.receive(&wrong, at: now)
      case 3: initiator.remoteFinished()
      case 4: initiator.finish()
      case 5:
        now += .milliseconds(Int64(input.short()))
        initiator.advance(to: now)
      default: break
      }
      _ = initiator.drainOutbound(into: &owed)
      do throws(PingError) {
        while let event = try initiator.nextEvent() {
          expect(!isOver, "nothing after the end")
          switch event {
          case .roundTrip: measured += 1
          case .ended: isOver = true
          }
        }
      } catch {
        isOver = true
      }
      expect(measured <= pinged && pinged <= measured + 1, "\(measured) of \(pinged) pings")
    }
  }

  // MARK: Perf

  private static var perfServerSeeds: [Seed] {
    let request: [UInt8] = [0, 0, 0, 0, 0, 0, 0, 9]
    return [
      Seed("standard", request + [1, 2, 3] + [1, 0, 2]),
      Seed("counted", [0, 0, 0, 0, 0, 0, 0, 3] + request + [1, 2, 3] + [1, 1, 2]),
    ]
  }

  /// A run of the server: requests and uploads in the front, how they are cut and answered in the back.
  private static func perfServer(_ input: FuzzInput) {
    var input = input
    let (mode, form) = (input.decision(), input.decision() & 1 == 0 ? Form.standard : .counted)
    let finishes = input.decision() & 1 == 1
    let limits = Server.Limits(uploadBytesMax: 1 << 40, downloadBytesMax: 1 << 20)
    var server = Server(form: form, limits: limits, at: .zero)
    var (sent, served) = (0, 0)
    var hasFailed = false
    func settle() {
      do throws(PerfError) {
        while case .served(let report)? = try server.nextEvent() {
          expect(!hasFailed, "nothing after a failure")
          expect(report.downloadedBytes <= limits.downloadBytesMax, "\(report)")
          served += Int(report.downloadedBytes) + (form == .counted ? 1 : 0)
        }
      } catch {
        hasFailed = true
      }
    }
    for piece in Cutting(mode).pieces(of: input.rest()) {
      var piece = piece
      server.receive(&piece, at: .zero)
      expect(piece.readableBytes == 0, "all is taken")
      while let chunk = server.nextChunk(maxBytes: 1 + Int(mode) * 97, at: .zero) {
        expect(
          chunk.readableBytes > 0 && chunk.readableBytes <= 1 + Int(mode) * 97, "chunks are as asked for")
        sent += chunk.readableBytes
      }
      settle()
    }
    if finishes { server.remoteFinished(at: .zero) }
    while let chunk = server.nextChunk(maxBytes: 1 << 16, at: .zero) { sent += chunk.readableBytes }
    settle()
    if !hasFailed { expect(sent == served, "\(sent) bytes sent, \(served) reported") }
    if let deadline = server.deadline { server.advance(to: deadline) }
    expect(server.deadline == nil, "a server that stands still ends")
  }

  private static func perfClient(_ input: FuzzInput) {
    var input = input
    let form = input.byte() & 1 == 0 ? Form.standard : .counted
    let (upload, download) = (UInt64(input.byte()), UInt64(input.byte()))
    var client = Client(form: form, upload: upload, download: download, at: .zero)
    var now = Instant.zero
    var (sent, reports) = (UInt64(0), 0)
    var hasFailed = false
    while !input.isEmpty {
      switch input.byte() & 3 {
      case 0:
        var bytes = ByteBuffer(bytes: input.take(Int(input.byte())))
        client.receive(&bytes, at: now)
        expect(bytes.readableBytes == 0, "all is taken")
      case 1:
        if let chunk = client.nextChunk(maxBytes: 1 + Int(input.byte()), at: now) {
          sent += UInt64(chunk.readableBytes)
        }
      case 2: client.remoteFinished(at: now)
      default:
        now += .milliseconds(Int64(input.short()))
        client.advance(to: now)
      }
      do throws(PerfError) {
        while let event = try client.nextEvent() {
          expect(!hasFailed, "nothing after a failure")
          if case .finished(let report) = event {
            reports += 1
            expect(report.uploadedBytes == upload && report.downloadedBytes == download, "\(report)")
          }
        }
      } catch {
        hasFailed = true
      }
      expect(reports <= 1 && sent <= upload + 16, "\(reports) reports, \(sent) bytes sent")
    }
    if let deadline = client.deadline { client.advance(to: max(now, deadline) + .seconds(60)) }
    expect(client.deadline == nil, "a client that stands still ends")
  }
}
