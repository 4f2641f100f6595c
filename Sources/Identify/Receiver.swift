// The side that listens: who asked, or who is pushed to.

package import NIOCore
package import SansIO
import SwiftProtobuf
import Wire

/// Reads one message, in as many parts as it comes, until the peer finishes the stream.
package struct Receiver: Sendable {
  package enum Event: Hashable, Sendable {
    case received(Message)
  }

  private enum Phase: Hashable, Sendable {
    case receiving
    case done
    case failed
  }

  private var phase = Phase.receiving
  private var frames = LengthPrefixedFrames(maxBytes: MessageLimits.bytesMax)
  /// The parts so far. Protobuf's own merge: lists grow, single fields are replaced.
  private var merged = Identify_Message()
  private var partCount = 0
  private var byteCount = 0
  private let finishesBy: Instant

  // Outputs not yet pulled.
  private var message: Message?
  private var failure: IdentifyError?

  /// - Parameter timeout: how long the whole message may take.
  package init(at now: Instant, timeout: Duration = .seconds(10)) {
    finishesBy = now + timeout
  }

  /// Takes all of `bytes`.
  package mutating func receive(_ bytes: inout ByteBuffer) {
    guard phase == .receiving else {
      bytes.moveReaderIndex(to: bytes.writerIndex)
      return
    }
    frames.receive(&bytes)
    do throws(IdentifyError) {
      while let part = try nextPart() { try merge(part) }
    } catch {
      fail(error)
    }
  }

  package mutating func remoteFinished() {
    guard phase == .receiving else { return }
    if !frames.isAtBoundary {
      fail(.truncated)
    } else if partCount == 0 {
      fail(.noMessage)
    } else {
      phase = .done
      message = Message(merged)
      forget()
    }
  }

  package mutating func advance(to now: Instant) {
    if let deadline, now >= deadline { fail(.timedOut) }
  }

  package var deadline: Instant? { phase == .receiving ? finishesBy : nil }

  package mutating func nextEvent() throws(IdentifyError) -> Event? {
    if let error = failure {
      failure = nil
      throw error
    }
    guard let received = message else { return nil }
    message = nil
    return .received(received)
  }

  /// We have nothing to say; our half is finished with theirs, since some peers take a half-close for a
  /// close.
  package var outboundFinished: Bool { phase == .done }

  private mutating func nextPart() throws(IdentifyError) -> ByteBuffer? {
    do {
      return try frames.nextFrame()
    } catch .frameTooLarge {
      throw .messageTooLarge
    } catch {
      throw .malformedMessage
    }
  }

  private mutating func merge(_ part: ByteBuffer) throws(IdentifyError) {
    partCount += 1
    byteCount += part.readableBytes
    if partCount > MessageLimits.partsMax { throw .tooManyParts }
    if byteCount > MessageLimits.bytesMax { throw .messageTooLarge }
    var options = BinaryDecodingOptions()
    options.discardUnknownFields = true
    do {
      try merged.merge(serializedBytes: [UInt8](part.readableBytesView), options: options)
    } catch {
      throw .malformedMessage
    }
  }

  private mutating func fail(_ error: IdentifyError) {
    phase = .failed
    failure = error
    forget()
  }

  private mutating func forget() {
    merged = Identify_Message()
    frames = LengthPrefixedFrames(maxBytes: MessageLimits.bytesMax)
  }
}
