import Chat
import NIOCore
import Wire

/// Direct messages of chat: the opener's messages, the acceptor's answers.
struct ChatDissector: StreamDissector {
  private var messages = Frames(bytesMax: DirectForm.frameBytesMax)
  private var answers = Frames(bytesMax: DirectForm.acknowledgementBytesMax)

  init?(_ name: ProtocolName, limits: Limits) {
    guard name == .chat else { return nil }
  }

  var heldBytes: Int { messages.heldBytes + answers.heldBytes }

  mutating func receive(_ bytes: ByteBuffer, from side: Role, findings: inout Findings) {
    switch side {
    case .initiator:
      messages.receive(bytes, from: side, findings: &findings) { frame, findings in
        do throws(DirectError) {
          findings.add(.chat(.message(try DirectForm.decodeMessage(frame))), by: side)
          return nil
        } catch {
          return "chat: \(error)"
        }
      }
    case .responder:
      answers.receive(bytes, from: side, findings: &findings) { frame, findings in
        do throws(DirectError) {
          let answer = try DirectForm.decodeAcknowledgement(frame)
          findings.add(.chat(.acknowledgement(id: answer.id, answer.acknowledgement)), by: side)
          return nil
        } catch {
          return "chat: \(error)"
        }
      }
    }
  }
}
