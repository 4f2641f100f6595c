import Chat
import NIOCore
import SansIO

// The two sides of a stream of direct messages as the node sees them.

/// What such a stream tells.
enum DirectOutcome {
  case sent(id: String)
  case acknowledged(id: String, Acknowledgement)
  case received(DirectMessage)
}

/// We opened it, and write.
struct DirectTalk: StreamMachine {
  var sender: DirectSender

  init(_ sender: DirectSender) { self.sender = sender }

  mutating func receive(_ bytes: inout ByteBuffer, at now: Instant) { sender.receive(&bytes, at: now) }
  mutating func remoteFinished(at now: Instant) { sender.remoteFinished(at: now) }
  mutating func advance(to now: Instant) { sender.advance(to: now) }
  var deadline: Instant? { sender.deadline }
  var outboundFinished: Bool { sender.outboundFinished }

  mutating func nextChunk(maxBytes: Int, at now: Instant) -> ByteBuffer? {
    sender.nextChunk(maxBytes: maxBytes, at: now)
  }

  mutating func nextOutcome() throws(StreamFailure) -> StreamOutcome? {
    do throws(DirectError) {
      switch try sender.nextEvent() {
      case .sent(let id): return .direct(.sent(id: id))
      case .acknowledged(let id, let acknowledgement): return .direct(.acknowledged(id: id, acknowledgement))
      case .ended, nil: return nil
      }
    } catch {
      throw StreamFailure(error)
    }
  }
}

/// The peer opened it, and writes.
struct DirectHearing: StreamMachine {
  var receiver: DirectReceiver

  init(_ receiver: DirectReceiver) { self.receiver = receiver }

  mutating func receive(_ bytes: inout ByteBuffer, at now: Instant) { receiver.receive(&bytes, at: now) }
  mutating func remoteFinished(at now: Instant) { receiver.remoteFinished(at: now) }
  mutating func advance(to now: Instant) { receiver.advance(to: now) }
  var deadline: Instant? { receiver.deadline }
  var outboundFinished: Bool { receiver.outboundFinished }

  mutating func nextChunk(maxBytes: Int, at now: Instant) -> ByteBuffer? {
    receiver.nextChunk(maxBytes: maxBytes, at: now)
  }

  mutating func nextOutcome() throws(StreamFailure) -> StreamOutcome? {
    do throws(DirectError) {
      switch try receiver.nextEvent() {
      case .received(let message): return .direct(.received(message))
      case .ended, nil: return nil
      }
    } catch {
      throw StreamFailure(error)
    }
  }
}

extension StreamFailure {
  init(_ error: DirectError) {
    self.init(fault: error.fault, error: .protocolViolation("direct messages: \(error)"))
  }
}
