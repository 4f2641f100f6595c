package import NIOCore
package import Wire

/// What goes over a dial-request stream.
package enum V2Message: Hashable, Sendable {
  /// Addresses in the order of their priority; nil where one cannot be read, because answers name them by
  /// index.
  case dialRequest([Multiaddr?], nonce: UInt64)
  case dialResponse(DialResponse)
  /// The server wants this many bytes before it dials the address of this index.
  case dialDataRequest(index: UInt32, bytes: UInt64)
  /// So many bytes, whatever they are; zeros when we send them.
  case dialData(bytes: Int)

  package struct DialResponse: Hashable, Sendable {
    package var status: Status
    /// Which address was dialled, when the status is ok.
    package var index: UInt32
    package var dialStatus: DialStatus

    package init(_ status: Status, index: UInt32 = 0, _ dialStatus: DialStatus = .unused) {
      self.status = status
      self.index = index
      self.dialStatus = dialStatus
    }
  }

  /// What became of the request.
  package enum Status: Hashable, Sendable {
    case internalError
    /// A limit of the server's.
    case requestRejected
    /// It can or will dial none of the addresses.
    case dialRefused
    case ok
    case other(Int)
  }

  /// What became of the dial.
  package enum DialStatus: Hashable, Sendable {
    case unused
    /// No connection.
    case dialError
    /// A connection, but the nonce was not delivered.
    case dialBackError
    case ok
    case other(Int)
  }

  /// Of a request; the rest is not looked at. As in Go.
  package static let addressesMax = 50
  /// Of one message ("limited to 4096 bytes in length"), when we send them.
  package static let dataBytesMax = 4096

  /// From the body of a frame.
  package init(decoding frame: ByteBuffer) throws(AutoNATError) {
    let message: Autonat2_Message
    do { message = try Autonat2_Message(decoding: frame) } catch { throw .malformedMessage }
    switch message.msg {
    case .dialRequest(let wire):
      let addresses = wire.addrs.prefix(Self.addressesMax).map { try? Multiaddr(bytes: [UInt8]($0)) }
      self = .dialRequest(addresses, nonce: wire.nonce)
    case .dialResponse(let wire):
      self = .dialResponse(
        DialResponse(Status(wire.status), index: wire.addrIdx, DialStatus(wire.dialStatus)))
    case .dialDataRequest(let wire): self = .dialDataRequest(index: wire.addrIdx, bytes: wire.numBytes)
    case .dialDataResponse(let wire): self = .dialData(bytes: wire.data.count)
    case nil: throw .malformedMessage
    }
  }

  /// The frame: a length and the message.
  package var encoded: ByteBuffer {
    var message = Autonat2_Message()
    switch self {
    case .dialRequest(let addresses, let nonce):
      var wire = Autonat2_DialRequest()
      wire.addrs = addresses.map { ($0?.bytes ?? []).protobufBytes() }
      wire.nonce = nonce
      message.msg = .dialRequest(wire)
    case .dialResponse(let response):
      var wire = Autonat2_DialResponse()
      wire.status = response.status.wire
      wire.addrIdx = response.index
      wire.dialStatus = response.dialStatus.wire
      message.msg = .dialResponse(wire)
    case .dialDataRequest(let index, let bytes):
      var wire = Autonat2_DialDataRequest()
      wire.addrIdx = index
      wire.numBytes = bytes
      message.msg = .dialDataRequest(wire)
    case .dialData(let count):
      var wire = Autonat2_DialDataResponse()
      wire.data = [UInt8](repeating: 0, count: count).protobufBytes()
      message.msg = .dialDataResponse(wire)
    }
    var frame = ByteBuffer()
    LengthPrefixedFrames.encode(message, into: &frame)
    return frame
  }
}

extension V2Message.Status {
  fileprivate init(_ wire: Autonat2_DialResponse.ResponseStatus) {
    self =
      switch wire {
      case .eInternalError: .internalError
      case .eRequestRejected: .requestRejected
      case .eDialRefused: .dialRefused
      case .ok: .ok
      case .UNRECOGNIZED(let code): .other(code)
      }
  }

  fileprivate var wire: Autonat2_DialResponse.ResponseStatus {
    switch self {
    case .internalError: .eInternalError
    case .requestRejected: .eRequestRejected
    case .dialRefused: .eDialRefused
    case .ok: .ok
    case .other(let code): .UNRECOGNIZED(code)
    }
  }
}

extension V2Message.DialStatus {
  fileprivate init(_ wire: Autonat2_DialStatus) {
    self =
      switch wire {
      case .unused: .unused
      case .eDialError: .dialError
      case .eDialBackError: .dialBackError
      case .ok: .ok
      case .UNRECOGNIZED(let code): .other(code)
      }
  }

  fileprivate var wire: Autonat2_DialStatus {
    switch self {
    case .unused: .unused
    case .dialError: .eDialError
    case .dialBackError: .eDialBackError
    case .ok: .ok
    case .other(let code): .UNRECOGNIZED(code)
    }
  }
}
