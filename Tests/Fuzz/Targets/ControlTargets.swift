private import Glibc
import Identity
@testable import MeshworkControl
import NIOCore

// What a person or a local program writes: JSON-RPC lines and configuration files.
extension FuzzTarget {
  static let control = [
    FuzzTarget(
      "json", seeds: [Seed("object", #"{"a":[1,-2.5e3,"\u00e9\ud83d\ude00\n",null,true]}"#)], run: json),
    FuzzTarget("rpc-line", seeds: rpcSeeds, run: rpcLine),
    FuzzTarget("line-splitter", seeds: [Seed("lines", "one\ntwo\n\nthree\u{3}")], run: lineSplitter),
    FuzzTarget(
      "config-toml", seeds: [Seed("some", tomlSeed), Seed("wrong", "listen = 7\n[log]\nlevel = \"loud\"\n")]
    ) {
      configuration($0, "toml")
    },
    FuzzTarget("config-json", seeds: [Seed("original", jsonSeed)]) { configuration($0, "json") },
    FuzzTarget("byte-count", seeds: [Seed("mega", "1.5MiB"), Seed("plain", "100")], run: byteCount),
  ]

  private static func json(_ input: FuzzInput) {
    var input = input
    guard let value = attempt({ () throws(JSONSyntaxError) in try JSONReader.read(input.rest()) }) else {
      return
    }
    let again = attempt { () throws(JSONSyntaxError) in try JSONReader.read([UInt8](value.description.utf8)) }
    expect(again == value, "JSON is read as it is written: \(value)")
    expect(!value.description.utf8.contains { $0 < 0x20 || $0 == 0x7F }, "JSON is one line that can be shown")
  }

  // MARK: JSON-RPC

  private static var rpcSeeds: [Seed] {
    [
      Seed("call", #"{"jsonrpc":"2.0","id":1,"method":"node.info"}"#),
      Seed(
        "named",
        #"{"jsonrpc":"2.0","id":"a","method":"peers.connect","params":{"address":"/ip4/1.2.3.4/tcp/1"}}"#),
      Seed(
        "batch", #"[{"jsonrpc":"2.0","method":"peers.ping","params":["x",3]},{"jsonrpc":"2.0","id":null}]"#),
    ]
  }

  private static func rpcLine(_ input: FuzzInput) {
    var input = input
    let message = RPCMessage(line: ByteBuffer(bytes: input.rest()))
    switch message {
    case .single(let entry): check(entry)
    case .batch(let entries):
      expect((1...RPCMessage.batchMax).contains(entries.count), "\(entries.count) entries")
      for entry in entries { check(entry) }
    }
  }

  private static func check(_ entry: RPCMessage.Entry) {
    guard case .call(let call) = entry,
      let arguments = attempt({ () throws(RPCError) in try RPCArguments(call, names: ["address", "count"]) })
    else { return }
    _ = attempt { () throws(RPCError) in try arguments.text("address") }
    if let count = attempt({ () throws(RPCError) in try arguments.whole("count", in: 1...100, default: 4) }) {
      expect((1...100).contains(count), "\(count) is in range")
    }
  }

  private static func lineSplitter(_ input: FuzzInput) {
    var input = input
    let mode = input.decision()
    let bytes = input.rest()
    let (whole, cut) = (lines(bytes, .whole), lines(bytes, Cutting(mode)))
    expect(whole == cut, "lines do not care how bytes arrive: \(whole) \(cut)")
    let limits = whole.allSatisfy { if case .text(let line) = $0 { line.readableBytes <= 20 } else { true } }
    expect(limits, "no line is longer than allowed")
  }

  private static func lines(_ bytes: [UInt8], _ cutting: Cutting) -> [LineSplitter.Line] {
    var splitter = LineSplitter(bytesMax: 20)
    var lines: [LineSplitter.Line] = []
    for piece in cutting.pieces(of: bytes) {
      splitter.receive(piece)
      while let line = splitter.nextLine() { lines.append(line) }
    }
    if let line = splitter.finish() { lines.append(line) }
    return lines
  }

  // MARK: Configuration

  private static let tomlSeed = """
    # a node
    listen = ["/ip4/0.0.0.0/tcp/4001", "/ip6/::/tcp/4001"]
    name = "a"
    [log]
    level = "info"
    """

  private static let jsonSeed = """
    {"relay_address": "", "bootstrap_nodes": ["/ip4/192.0.2.1/tcp/1/p2p/\(bob.peerID)"],
     "listen_port": 4001, "is_bootstrap_node": false}
    """

  /// Read from a file as a person's is, one in memory.
  private static func configuration(_ input: FuzzInput, _ kind: String) {
    var input = input
    let bytes = input.rest()
    let path = "/dev/shm/meshwork-fuzz-\(getpid()).\(kind)"
    guard let file = fopen(path, "w") else { fatalError("\(path) cannot be written") }
    fwrite(bytes, 1, bytes.count, file)
    fclose(file)
    defer { unlink(path) }
    let read = ConfigurationFile(path: path)
    let lineCount = bytes.count { $0 == 0x0A } + 1
    for problem in read.problems {
      expect(
        problem.line.map { (1...lineCount).contains($0) } ?? true, "line \(problem.line ?? 0) of \(lineCount)"
      )
      expect(!problem.text.isEmpty, "a problem is told")
    }
    let settings = attempt { () throws(ConfigurationProblems) in try Settings.resolve(file: path) }
    expect(settings == nil || read.problems.isEmpty, "a file with problems is refused")
    _ = settings?.listing
  }

  private static func byteCount(_ input: FuzzInput) {
    var input = input
    _ = ByteCount(input.restAsText())
  }
}
