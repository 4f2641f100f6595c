import Identify
import Wire

extension Note: Fact {
  var kind: String {
    switch self {
    case .beginsMidway: "beginsMidway"
    case .missing: "missing"
    case .noKeys: "noKeys"
    case .wrongHandshakeKeys: "wrongHandshakeKeys"
    case .wrongTransportKeys: "wrongTransportKeys"
    case .untrustedHandshake: "untrustedHandshake"
    case .notLibp2p: "notLibp2p"
    case .unreadable: "unreadable"
    case .unanswered: "unanswered"
    case .malformed: "malformed"
    case .limit: "limit"
    }
  }

  var text: String { "! " + words }

  private var words: String {
    switch self {
    case .beginsMidway: "the capture begins inside this connection"
    case .missing(let bytes): "\(bytes) bytes are not in the capture; what follows cannot be read"
    case .noKeys(let ephemeral):
      "no keys for this channel, \(Text.hexadecimal(Array(ephemeral.prefix(8))))…: it stays sealed"
    case .wrongHandshakeKeys(let message): "the keys in the log do not open Noise \(message)"
    case .wrongTransportKeys(1): "the keys in the log do not open what follows the handshake"
    case .wrongTransportKeys(let message):
      "message \(message) does not open; it or one before it is not whole"
    case .untrustedHandshake(let reason): Printable.text(reason, bytesMax: 256)
    case .notLibp2p(let beginning): "not libp2p, begins with \(Text.hexadecimal(beginning))"
    case .unreadable(let name): "\(Printable.text(name.rawValue, bytesMax: 128)) is not read here"
    case .unanswered(let name): "\(Printable.text(name.rawValue, bytesMax: 128)) was never answered"
    case .malformed(let reason): Printable.text(reason, bytesMax: 256)
    case .limit(let reason): reason
    }
  }

  func describe(in line: inout JSONLine) {
    line.add("detail", words)
    switch self {
    case .missing(let bytes): line.add("bytes", bytes)
    case .noKeys(let ephemeral): line.add("ephemeral", Text.hexadecimal(ephemeral))
    case .wrongTransportKeys(let message): line.add("message", message)
    case .unreadable(let name), .unanswered(let name): line.add("name", name.rawValue)
    case .beginsMidway, .wrongHandshakeKeys, .untrustedHandshake, .notLibp2p, .malformed, .limit: break
    }
  }
}
