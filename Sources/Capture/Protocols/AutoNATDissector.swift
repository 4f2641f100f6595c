import AutoNAT
import NIOCore
import Wire

/// AutoNAT, both versions: the questions of the side that opened, the answers of the other; and the
/// dial-back, which the server opens on a connection of its own.
struct AutoNATDissector: StreamDissector {
  fileprivate enum Kind {
    case question(Version), dialBack
  }

  private let kind: Kind
  private var asking: Frames
  private var answering: Frames

  init?(_ name: ProtocolName, limits: Limits) {
    switch name {
    case .autoNAT: self.init(.question(.v1), bytesMax: Version.v1.messageBytesMax)
    case .autoNATDialRequest: self.init(.question(.v2), bytesMax: Version.v2.messageBytesMax)
    case .autoNATDialBack: self.init(.dialBack, bytesMax: DialBackMessage.bytesMax)
    default: return nil
    }
  }

  private init(_ kind: Kind, bytesMax: Int) {
    self.kind = kind
    asking = Frames(bytesMax: bytesMax)
    answering = asking
  }

  var heldBytes: Int { asking.heldBytes + answering.heldBytes }

  mutating func receive(_ bytes: ByteBuffer, from side: Role, findings: inout Findings) {
    let kind = kind
    func read(_ frame: ByteBuffer, _ findings: inout Findings) -> String? {
      do throws(AutoNATError) {
        findings.add(.autoNAT(try AutoNATFact(frame, of: kind, by: side)), by: side)
        return nil
      } catch {
        return "autonat: \(error)"
      }
    }
    switch side {
    case .initiator: asking.receive(bytes, from: side, findings: &findings, read)
    case .responder: answering.receive(bytes, from: side, findings: &findings, read)
    }
  }
}

extension AutoNATFact {
  fileprivate init(
    _ frame: ByteBuffer, of kind: AutoNATDissector.Kind, by side: Role
  ) throws(AutoNATError) {
    switch (kind, side) {
    case (.question(.v1), _): self = .v1(try V1Message(decoding: frame))
    case (.question(.v2), _): self = .v2(try V2Message(decoding: frame))
    case (.dialBack, .initiator): self = .dialBack(nonce: try DialBackMessage.nonce(decoding: frame))
    case (.dialBack, .responder): self = .dialBackTaken(try DialBackMessage.response(decoding: frame))
    }
  }
}
