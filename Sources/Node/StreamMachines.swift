import Identify
import NIOCore
import Perf
import Ping
import SansIO
import Wire

// The protocols' machines as the node sees them.

/// A ping request: `count` round trips, one after the other.
struct PingRun: StreamMachine {
  private var initiator = Initiator()
  private var generator: SeededGenerator
  private var remaining: Int
  private var roundTrips: [Duration] = []
  private var now: Instant

  init(count: Int, generator: SeededGenerator, at now: Instant) {
    self.generator = generator
    self.now = now
    remaining = count
    sendNext()
  }

  private mutating func sendNext() {
    remaining -= 1
    _ = initiator.ping(at: now, using: &generator)
  }

  mutating func receive(_ bytes: inout ByteBuffer, at now: Instant) {
    self.now = now
    initiator.receive(&bytes, at: now)
  }

  mutating func remoteFinished(at now: Instant) { initiator.remoteFinished() }

  mutating func advance(to now: Instant) {
    self.now = now
    initiator.advance(to: now)
  }

  var deadline: Instant? { initiator.deadline }

  mutating func nextOutcome() throws(StreamFailure) -> StreamOutcome? {
    do throws(PingError) {
      while let event = try initiator.nextEvent() {
        guard case .roundTrip(let duration) = event else { continue }
        roundTrips.append(duration)
        if remaining > 0 {
          sendNext()
        } else {
          initiator.finish()
          return .pinged(roundTrips)
        }
      }
      return nil
    } catch .timedOut {
      throw StreamFailure(fault: PingError.timedOut.fault, error: .timeout("ping: no echo"))
    } catch {
      throw StreamFailure(fault: error.fault, error: .protocolViolation("ping: \(error)"))
    }
  }

  mutating func nextChunk(maxBytes: Int, at now: Instant) -> ByteBuffer? {
    ByteBuffer(draining: { initiator.drainOutbound(into: &$0) })
  }

  var outboundFinished: Bool { initiator.outboundFinished }
}

extension Responder: StreamMachine {
  mutating func remoteFinished(at now: Instant) { remoteFinished() }

  mutating func nextOutcome() throws(StreamFailure) -> StreamOutcome? {
    do throws(PingError) {
      while try nextEvent() != nil {}
      return nil
    } catch {
      throw StreamFailure(fault: error.fault, error: .protocolViolation("ping: \(error)"))
    }
  }

  mutating func nextChunk(maxBytes: Int, at now: Instant) -> ByteBuffer? {
    ByteBuffer(draining: { drainOutbound(into: &$0) })
  }
}

extension Server: StreamMachine {
  mutating func nextOutcome() throws(StreamFailure) -> StreamOutcome? {
    do throws(PerfError) {
      while try nextEvent() != nil {}
      return nil
    } catch {
      throw StreamFailure(error)
    }
  }
}

extension Client: StreamMachine {
  mutating func nextOutcome() throws(StreamFailure) -> StreamOutcome? {
    do throws(PerfError) {
      while let event = try nextEvent() {
        if case .finished(let report) = event {
          return .measured(PerfSummary(report, protocolName: form.protocolName))
        }
      }
      return nil
    } catch {
      throw StreamFailure(error)
    }
  }
}

/// The side of identify that hears: an answer or a push.
struct IdentifyHearing: StreamMachine {
  private var receiver: Receiver

  init(_ receiver: Receiver) {
    self.receiver = receiver
  }

  mutating func receive(_ bytes: inout ByteBuffer, at now: Instant) { receiver.receive(&bytes) }
  mutating func remoteFinished(at now: Instant) { receiver.remoteFinished() }
  mutating func advance(to now: Instant) { receiver.advance(to: now) }
  var deadline: Instant? { receiver.deadline }
  mutating func nextChunk(maxBytes: Int, at now: Instant) -> ByteBuffer? { nil }
  var outboundFinished: Bool { receiver.outboundFinished }

  mutating func nextOutcome() throws(StreamFailure) -> StreamOutcome? {
    do throws(IdentifyError) {
      guard case .received(let message) = try receiver.nextEvent() else { return nil }
      return .described(message)
    } catch .timedOut {
      throw StreamFailure(fault: IdentifyError.timedOut.fault, error: .timeout("identify: no answer"))
    } catch {
      throw StreamFailure(fault: error.fault, error: .protocolViolation("identify: \(error)"))
    }
  }
}

/// The side of identify that speaks: an answer or a push. It gives up on a peer that does not read.
struct IdentifySaying: StreamMachine {
  private var sender: Sender
  private let expiry: Instant
  private var isLate = false

  /// Nil when what we have to say is too much for the protocol.
  init?(_ message: Identify.Message, at now: Instant, timeout: Duration) {
    guard let sender = try? Sender(message) else { return nil }
    self.sender = sender
    expiry = now + timeout
  }

  mutating func receive(_ bytes: inout ByteBuffer, at now: Instant) { sender.receive(&bytes) }
  mutating func remoteFinished(at now: Instant) {}
  mutating func advance(to now: Instant) { isLate = now >= expiry }
  var deadline: Instant? { expiry }
  var outboundFinished: Bool { sender.outboundFinished }

  mutating func nextOutcome() throws(StreamFailure) -> StreamOutcome? {
    if isLate { throw StreamFailure(fault: .limit, error: .timeout("identify: not read")) }
    do throws(IdentifyError) {
      while try sender.nextEvent() != nil {}
      return nil
    } catch {
      throw StreamFailure(fault: error.fault, error: .protocolViolation("identify: \(error)"))
    }
  }

  mutating func nextChunk(maxBytes: Int, at now: Instant) -> ByteBuffer? {
    ByteBuffer(draining: { sender.drainOutbound(into: &$0) })
  }
}

extension StreamFailure {
  init(_ error: PerfError) {
    self.init(fault: error.fault, error: .protocolViolation("perf: \(error)"))
  }
}

extension PerfSummary {
  init(_ report: Report, protocolName: ProtocolName) {
    self.init(
      uploadedBytes: report.uploadedBytes, upload: report.uploadElapsed,
      downloadedBytes: report.downloadedBytes, download: report.downloadElapsed, protocolName: protocolName)
  }
}

extension ByteBuffer {
  /// What `drain` writes, or nil when it writes nothing.
  init?(draining drain: (inout ByteBuffer) -> Bool) {
    var buffer = ByteBuffer()
    guard drain(&buffer), buffer.readableBytes > 0 else { return nil }
    self = buffer
  }
}
