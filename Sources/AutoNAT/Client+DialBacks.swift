import Identity
import NIOCore
import OrderedCollections
package import SansIO
package import Wire

// Dial-back streams: the proof.
extension Client {
  struct DialBack: Sendable {
    let local: Multiaddr
    /// Nil once it has been answered.
    var frames: LengthPrefixedFrames?
  }

  /// Somebody has opened a dial-back stream. Who, does not matter: a server may dial under another identity.
  /// - Parameters:
  ///   - local: where its connection's socket is at this end.
  ///   - isInbound: whether we accepted the connection. On one of our own anybody can say a nonce.
  package mutating func streamOpened(
    _ stream: StreamHandle, local: Multiaddr, isInbound: Bool, at now: Instant
  ) {
    self.now = now
    guard dialBacks[stream] == nil else { return }
    func refuse(_ counter: WritableKeyPath<ClientCounters, UInt64>) {
      counters[keyPath: counter] += 1
      events.append(.reset(stream))
    }
    let isExpected = questions.values.contains { $0.version == .v2 && $0.proof == nil }
    guard isExpected else { return refuse(\.dialBacksUnasked) }
    guard isInbound, !local.isCircuit else { return refuse(\.dialBacksMisplaced) }
    guard dialBacks.count < configuration.dialBacksMax else { return refuse(\.dialBacksOverLimit) }
    dialBacks[stream] = DialBack(
      local: local, frames: LengthPrefixedFrames(maxBytes: DialBackMessage.bytesMax))
    deadlines.set(.stream(stream), to: now + configuration.dialBackTimeout)
  }

  mutating func dialBackReceived(_ bytes: inout ByteBuffer, from stream: StreamHandle) {
    guard let dialBack = dialBacks[stream], var frames = dialBack.frames else { return }
    frames.receive(&bytes)
    do {
      guard let frame = try frames.nextFrame() else {
        dialBacks[stream]?.frames = frames
        return
      }
      let nonce = try DialBackMessage.nonce(decoding: frame)
      nonceCame(nonce, to: dialBack.local, on: stream)
    } catch {
      counters.dialBacksMalformed += 1
      refuse(stream)
    }
  }

  private mutating func nonceCame(_ nonce: UInt64, to local: Multiaddr, on stream: StreamHandle) {
    let found = questions.first {
      $0.value.version == .v2 && $0.value.nonce == nonce && $0.value.proof == nil
    }
    guard let (peer, question) = found else {
      counters.noncesUnknown += 1
      return refuse(stream)
    }
    counters.dialBacksAccepted += 1
    questions[peer]?.proof = local
    dialBacks[stream]?.frames = nil
    deadlines.set(.stream(stream), to: now + configuration.dialBackTimeout)
    events.append(.write(DialBackMessage.response, on: stream))
    events.append(.finish(stream))
    guard case .proving(_, let candidate) = question.phase else { return }
    do throws(AutoNATError) { try judge(local, of: candidate, by: peer) } catch { violated(peer, error) }
  }

  mutating func dialBackFinished(_ stream: StreamHandle) {
    guard dialBacks[stream]?.frames != nil else { return }
    counters.dialBacksMalformed += 1
    refuse(stream)
  }

  mutating func dialBackIsLate(_ stream: StreamHandle) {
    if dialBacks[stream]?.frames != nil { counters.timeouts += 1 }
    dialBacks[stream] = nil
  }

  private mutating func refuse(_ stream: StreamHandle) {
    dialBacks[stream] = nil
    deadlines.set(.stream(stream), to: nil)
    events.append(.reset(stream))
  }
}
