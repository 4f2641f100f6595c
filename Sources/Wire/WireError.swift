/// What is wrong with bytes or text that one of the shared formats should hold.
///
/// Says nothing of blame: the same text may come from a peer, a file or a user. Who decodes, attributes.
public enum WireError: Error, Hashable, Sendable {
  /// The bytes end before what they announce.
  case truncated
  /// Bytes are left over after what should be the whole.
  case trailingBytes
  /// A varint of more than nine bytes, which no multiformat has.
  case varintTooLong
  /// A varint in a longer form than its value needs.
  case varintNotMinimal
  /// A frame announces more bytes than its reader accepts.
  case frameTooLarge(bytes: UInt64, limit: Int)
  /// Bytes that are no message of the expected kind.
  case malformedMessage
  /// Not a hash function's code, a length and as many bytes.
  case malformedMultihash
  /// Neither base58 text nor a CID version 1 of a libp2p key, or a hash that is no peer id.
  case malformedPeerID
  /// A character outside the alphabet, or bits that no encoder leaves.
  case malformedText(base: String)
  /// Text longer than its reader accepts.
  case textTooLong(limit: Int)
  /// An address of more than the accepted bytes.
  case addressTooLong(limit: Int)
  /// An address of more than the accepted components.
  case tooManyComponents(limit: Int)
  /// An address of nothing, or one that does not begin with a slash.
  case emptyAddress
  /// A component this node does not know, by its name in text.
  case unknownProtocol(String)
  /// A component this node does not know, by its code in bytes.
  case unknownProtocolCode(UInt64)
  /// A component that needs a value and has none.
  case missingValue(of: String)
  /// A component's value that its protocol does not allow.
  case invalidValue(of: String)
  /// A component behind a path, which reaches to the end of an address.
  case componentAfterPath
}

extension WireError: CustomStringConvertible {
  /// The cause in words, without the input it was found in.
  public var description: String {
    switch self {
    case .truncated: "the bytes end early"
    case .trailingBytes: "bytes are left over at the end"
    case .varintTooLong: "a varint is longer than nine bytes"
    case .varintNotMinimal: "a varint is longer than its value needs"
    case .frameTooLarge(let bytes, let limit): "a frame of \(bytes) bytes is over the limit of \(limit)"
    case .malformedMessage: "the bytes are not a valid message"
    case .malformedMultihash: "the bytes are not a multihash"
    case .malformedPeerID: "this is not a peer id; one looks like 12D3KooW… or Qm… or bafz…"
    case .malformedText(let base): "the text is not \(base)"
    case .textTooLong(let limit): "the text is longer than \(limit) characters"
    case .addressTooLong(let limit): "an address is longer than \(limit) bytes"
    case .tooManyComponents(let limit): "an address has more than \(limit) components"
    case .emptyAddress: "an address is empty or does not begin with '/'"
    case .unknownProtocol(let name): "an address has the unknown component \(name.debugDescription)"
    case .unknownProtocolCode(let code): "an address has the unknown component code \(code)"
    case .missingValue(let name): "'/\(name)' lacks its value"
    case .invalidValue(let name): "'/\(name)' has a value that it cannot have"
    case .componentAfterPath: "nothing can follow a path in an address"
    }
  }
}
