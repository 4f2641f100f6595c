// The words the negotiation tests are written in.

import Multistream
import NIOCore
import SansIO
import Testing
import Wire

/// The bytes of lines, as a peer that is not ours would write them.
func lines(_ texts: String...) -> ByteBuffer {
  var bytes = ByteBuffer()
  for text in texts {
    Varint.encode(UInt64(text.utf8.count + 1), into: &bytes)
    bytes.writeString(text + "\n")
  }
  return bytes
}

let header = "/multistream/1.0.0"

extension Dialer {
  mutating func drained() -> ByteBuffer {
    var wire = ByteBuffer()
    _ = drainOutbound(into: &wire)
    return wire
  }

  /// Receives `bytes`, expects to agree on `name` (or on nothing yet) and to leave `rest`.
  mutating func expect(
    _ bytes: ByteBuffer, toAgreeOn name: ProtocolName?, leaving rest: ByteBuffer = ByteBuffer(),
    at location: SourceLocation = #_sourceLocation
  ) throws {
    var bytes = bytes
    let agreed = try receive(&bytes)
    #expect(agreed == name, sourceLocation: location)
    #expect(bytes == rest, sourceLocation: location)
  }

  mutating func expect(
    _ bytes: ByteBuffer, toThrow error: MultistreamError, at location: SourceLocation = #_sourceLocation
  ) {
    var bytes = bytes
    #expect(throws: error, sourceLocation: location) { try receive(&bytes) }
  }
}

extension Listener {
  mutating func drained() -> ByteBuffer {
    var wire = ByteBuffer()
    _ = drainOutbound(into: &wire)
    return wire
  }

  mutating func receive(_ bytes: inout ByteBuffer, supporting names: [ProtocolName]) throws -> ProtocolName? {
    try receive(&bytes, supported: { names.contains($0) })
  }

  mutating func expect(
    _ bytes: ByteBuffer, supporting names: [ProtocolName] = ["/a", "/b"], toAgreeOn name: ProtocolName?,
    leaving rest: ByteBuffer = ByteBuffer(), at location: SourceLocation = #_sourceLocation
  ) throws {
    var bytes = bytes
    let agreed = try receive(&bytes, supporting: names)
    #expect(agreed == name, sourceLocation: location)
    #expect(bytes == rest, sourceLocation: location)
  }

  mutating func expect(
    _ bytes: ByteBuffer, toThrow error: MultistreamError, at location: SourceLocation = #_sourceLocation
  ) {
    var bytes = bytes
    #expect(throws: error, sourceLocation: location) { try receive(&bytes, supporting: ["/a", "/b"]) }
  }
}

func + (left: ByteBuffer, right: ByteBuffer) -> ByteBuffer {
  var sum = left
  sum.writeImmutableBuffer(right)
  return sum
}

func bytes(_ values: UInt8...) -> ByteBuffer { ByteBuffer(bytes: values) }
func text(_ string: String) -> ByteBuffer { ByteBuffer(string: string) }
