import Meshwork

/// One line of input.
struct Request: Decodable {
  let id: Int
  let command: Command

  private enum Key: String, CodingKey { case id }

  init(from decoder: any Decoder) throws {
    id = try decoder.container(keyedBy: Key.self).decode(Int.self, forKey: .id)
    command = try Command(from: decoder)
  }
}

/// What the peer can be told to do.
enum Command: Decodable {
  case connect(Multiaddr)
  case peers
  case relays
  case ping(PeerID, count: Int)
  case identify(PeerID)
  case echo(PeerID, streams: Int, bytes: Int)
  case transfer(PeerID, up: UInt64, down: UInt64, seed: UInt64)
  case quit

  private enum Key: String, CodingKey { case cmd, addr, peer, count, streams, bytes, up, down, seed }

  init(from decoder: any Decoder) throws {
    let fields = try decoder.container(keyedBy: Key.self)
    func value<Value: Decodable>(_ key: Key) throws -> Value { try fields.decode(Value.self, forKey: key) }
    func peer() throws -> PeerID { try PeerID(value(.peer) as String) }

    let name: String = try value(.cmd)
    self =
      switch name {
      case "connect": .connect(try Multiaddr(value(.addr) as String))
      case "peers": .peers
      case "relays": .relays
      case "ping": .ping(try peer(), count: try value(.count))
      case "identify": .identify(try peer())
      case "echo": .echo(try peer(), streams: try value(.streams), bytes: try value(.bytes))
      case "transfer":
        .transfer(try peer(), up: try value(.up), down: try value(.down), seed: try value(.seed))
      case "quit": .quit
      default: throw Mistake("unknown command \(name)")
      }
  }
}

/// One line of output in answer to a request; a field that does not apply is left out.
struct Answer: Encodable {
  var id: Int?
  var ok = true
  var error: String?
  // peers
  var peers: [String]?
  // relays
  var relays: [String]?
  // ping
  var rttMs: [Double]?
  // identify
  var agent: String?
  var protocols: [String]?
  var listenAddrs: [String]?
  var observedAddr: String?
  var signedRecord: Bool?
  // echo
  var echoed: Int?
  // transfer
  var sentSha256: String?
  var remoteSha256: String?
  var receivedSha256: String?
}
