/// The key log of a node: what a reader of a capture needs to decrypt it.
///
/// Two lines a handshake, all values hexadecimal, `E` the initiator's ephemeral public key as it stands in
/// message 1:
///
///     NOISE_XX_HANDSHAKE E <key of message 2's static>
///         <key of message 2's payload and message 3's static> <key of message 3's payload>
///     NOISE_XX_TRANSPORT E <key initiator→responder> <key responder→initiator>
package enum KeyLog {
  package struct HandshakeKeys: Hashable, Sendable {
    package let ephemeral: [UInt8]
    package let replyStatic: [UInt8]
    /// Message 2's payload with the counter 0, message 3's static with 1.
    package let replyPayload: [UInt8]
    package let finalPayload: [UInt8]

    /// Nil until all three are derived.
    init?(ephemeral: [UInt8], _ keys: [Secret]) {
      guard keys.count == 3 else { return nil }
      self.init(values: [ephemeral] + keys.map(\.bytes))
    }

    fileprivate init(values: [[UInt8]]) {
      ephemeral = values[0]
      replyStatic = values[1]
      replyPayload = values[2]
      finalPayload = values[3]
    }
  }

  package struct TransportKeys: Hashable, Sendable {
    package let ephemeral: [UInt8]
    package let initiatorToResponder: [UInt8]
    package let responderToInitiator: [UInt8]

    init(ephemeral: [UInt8], _ keys: Noise.TransportKeys) {
      self.init(values: [ephemeral, keys.initiatorToResponder.bytes, keys.responderToInitiator.bytes])
    }

    fileprivate init(values: [[UInt8]]) {
      ephemeral = values[0]
      initiatorToResponder = values[1]
      responderToInitiator = values[2]
    }

    /// To open each direction of a recorded session from its start, most easily with a `FrameOpener` each.
    package var ciphers: (initiatorToResponder: CipherState, responderToInitiator: CipherState) {
      (CipherState(key: initiatorToResponder), CipherState(key: responderToInitiator))
    }
  }

  package enum Entry: Hashable, Sendable {
    case handshake(HandshakeKeys)
    case transport(TransportKeys)

    /// Without the newline.
    package var line: String {
      let words =
        switch self {
        case .handshake(let keys):
          [Label.handshake.rawValue]
            + [keys.ephemeral, keys.replyStatic, keys.replyPayload, keys.finalPayload].map(hexadecimal)
        case .transport(let keys):
          [Label.transport.rawValue]
            + [keys.ephemeral, keys.initiatorToResponder, keys.responderToInitiator].map(hexadecimal)
        }
      return words.joined(separator: " ")
    }

    /// Reads a line with or without its newline.
    package init(line: some StringProtocol) throws(LineError) {
      guard line.utf8.prefix(lineBytesMax + 1).count <= lineBytesMax else {
        throw .tooLong(bytesMax: lineBytesMax)
      }
      let words = line.split(whereSeparator: \.isWhitespace)
      guard let first = words.first else { throw .unknownLabel("") }
      guard let label = Label(rawValue: String(first)) else { throw .unknownLabel(String(first)) }
      let texts = words.dropFirst()
      guard texts.count == label.valueCount else {
        throw .wrongValueCount(expected: label.valueCount, actual: texts.count)
      }
      var values: [[UInt8]] = []
      for text in texts {
        guard let value = bytes(hexadecimal: text) else { throw .malformedValue(position: values.count + 1) }
        values.append(value)
      }
      switch label {
      case .handshake: self = .handshake(HandshakeKeys(values: values))
      case .transport: self = .transport(TransportKeys(values: values))
      }
    }
  }

  /// What is wrong with a line.
  package enum LineError: Error, Hashable, Sendable {
    /// Not a line of this log, as the QUIC secrets and comments that may share the file.
    case unknownLabel(String)
    case tooLong(bytesMax: Int)
    case wrongValueCount(expected: Int, actual: Int)
    /// Not 32 bytes in hexadecimal; the first value after the label is 1.
    case malformedValue(position: Int)
  }

  /// The longest line has 278 bytes.
  package static let lineBytesMax = 512

  private enum Label: String {
    case handshake = "NOISE_XX_HANDSHAKE"
    case transport = "NOISE_XX_TRANSPORT"

    var valueCount: Int {
      switch self {
      case .handshake: 4
      case .transport: 3
      }
    }
  }

  private static func hexadecimal(_ bytes: [UInt8]) -> String {
    let digits = Array("0123456789abcdef".utf8)
    return String(
      decoding: bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
  }

  private static func bytes(hexadecimal text: some StringProtocol) -> [UInt8]? {
    let digits = text.utf8.map(digit)
    guard digits.count == 2 * Secret.byteCount else { return nil }
    var bytes: [UInt8] = []
    for index in stride(from: 0, to: digits.count, by: 2) {
      guard let high = digits[index], let low = digits[index + 1] else { return nil }
      bytes.append(high << 4 | low)
    }
    return bytes
  }

  private static func digit(_ character: UInt8) -> UInt8? {
    switch character {
    case UInt8(ascii: "0")...UInt8(ascii: "9"): character - UInt8(ascii: "0")
    case UInt8(ascii: "a")...UInt8(ascii: "f"): character - UInt8(ascii: "a") + 10
    case UInt8(ascii: "A")...UInt8(ascii: "F"): character - UInt8(ascii: "A") + 10
    default: nil
    }
  }
}

extension KeyLog.LineError: CustomStringConvertible {
  package var description: String {
    switch self {
    case .unknownLabel(let label): "\"\(label)\" is no label of a Noise key log line"
    case .tooLong(let bytesMax): "the line is longer than \(bytesMax) bytes"
    case .wrongValueCount(let expected, let actual): "\(actual) values after the label instead of \(expected)"
    case .malformedValue(let position): "value \(position) is not 32 bytes in hexadecimal"
    }
  }
}
