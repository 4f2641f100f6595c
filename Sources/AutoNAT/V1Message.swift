package import Identity
package import NIOCore
package import Wire

/// What goes over a version 1 stream: a question about the node, and the answer.
///
/// A type or status that is absent reads as the first one: writers of proto3 may leave zeros out.
package enum V1Message: Hashable, Sendable {
  /// Who asks, if it says so, and where it might be reached.
  case dial(PeerID?, [Multiaddr])
  /// With the address that was reached, when the server tells.
  case response(Status, Multiaddr?)

  package enum Status: Hashable, Sendable {
    case ok
    case dialError
    case dialRefused
    case badRequest
    case internalError
    /// A code that the specification does not have.
    case other(Int)
  }

  /// Of a request; the rest is not looked at.
  package static let addressesMax = 50

  /// From the body of a frame. Addresses that cannot be read are left out.
  package init(decoding frame: ByteBuffer) throws(AutoNATError) {
    let message: Autonat_Message
    do { message = try Autonat_Message(decoding: frame) } catch { throw .malformedMessage }
    switch message.type {
    case .dial:
      guard message.dial.hasPeer else { throw .malformedPeer }
      let wire = message.dial.peer
      self = .dial(
        wire.hasID ? try PeerID(autoNAT: [UInt8](wire.id)) : nil,
        wire.addrs.prefix(Self.addressesMax).compactMap { try? Multiaddr(bytes: [UInt8]($0)) })
    case .dialResponse:
      guard message.hasDialResponse else { throw .malformedMessage }
      let wire = message.dialResponse
      self = .response(
        Status(wire.status), wire.hasAddr ? try? Multiaddr(bytes: [UInt8](wire.addr)) : nil)
    case .UNRECOGNIZED: throw .unexpectedMessage
    }
  }

  /// The frame: a length and the message.
  package var encoded: ByteBuffer {
    var message = Autonat_Message()
    switch self {
    case .dial(let peer, let addresses):
      message.type = .dial
      if let peer { message.dial.peer.id = peer.bytes.protobufBytes() }
      message.dial.peer.addrs = addresses.map { $0.bytes.protobufBytes() }
    case .response(let status, let address):
      message.type = .dialResponse
      message.dialResponse.status = status.wire
      if status != .ok { message.dialResponse.statusText = status.description }
      if let address { message.dialResponse.addr = address.bytes.protobufBytes() }
    }
    var frame = ByteBuffer()
    LengthPrefixedFrames.encode(message, into: &frame)
    return frame
  }
}

extension PeerID {
  fileprivate init(autoNAT bytes: [UInt8]) throws(AutoNATError) {
    do { try self.init(bytes: bytes) } catch { throw .malformedPeer }
  }
}

extension V1Message.Status {
  /// The number on the wire.
  package var code: Int { wire.rawValue }

  fileprivate init(_ wire: Autonat_Message.ResponseStatus) {
    self =
      switch wire {
      case .ok: .ok
      case .eDialError: .dialError
      case .eDialRefused: .dialRefused
      case .eBadRequest: .badRequest
      case .eInternalError: .internalError
      case .UNRECOGNIZED(let code): .other(code)
      }
  }

  fileprivate var wire: Autonat_Message.ResponseStatus {
    switch self {
    case .ok: .ok
    case .dialError: .eDialError
    case .dialRefused: .eDialRefused
    case .badRequest: .eBadRequest
    case .internalError: .eInternalError
    case .other(let code): .UNRECOGNIZED(code)
    }
  }
}

extension V1Message.Status: CustomStringConvertible {
  /// What goes with it on the wire, for people.
  package var description: String {
    switch self {
    case .ok: "ok"
    case .dialError: "dial failed"
    case .dialRefused: "dial refused"
    case .badRequest: "bad request"
    case .internalError: "internal error"
    case .other(let code): "status \(code)"
    }
  }
}
