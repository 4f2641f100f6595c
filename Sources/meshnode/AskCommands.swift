import ArgumentParser
import MeshworkControl

/// How the commands find the node that is running.
struct AskFlags: ParsableArguments {
  @OptionGroup var data: DataFlag

  @Option(help: .init("The node's socket, if it is not where it usually is.", valueName: "path"))
  var socket: String?

  @Flag(help: "Print the node's answer as JSON.")
  var json = false

  func ask(_ method: String, _ parameters: JSONValue? = nil) async throws -> JSONValue {
    try await ControlClient.withConnection(to: socket ?? data.directories().socket) { client in
      try await client.call(method, parameters)
    }
  }
}

struct StatusCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "status", abstract: "Show the running node.")

  @OptionGroup var flags: AskFlags

  func run() async throws {
    let info = try await flags.ask("node.info")
    guard !flags.json else { return print(info) }
    print("PeerID        \(info["peerId"]?.text ?? "")")
    if let name = info["name"]?.text { print("name          \(name)") }
    print("agent         \(info["agent"]?.text ?? "")")
    print("reachability  \(info["reachability"]?.text ?? "")")
    if let explanation = info["nat"]?["explanation"]?.text { print("router        \(explanation)") }
    for relay in info["relays"]?.elements ?? [] {
      print("relay         \(relay["addr"]?.text ?? "")  \(relay["state"]?.text ?? "")")
    }
    let lists = [
      ("listens on", "listenAddrs"), ("announces", "announceAddrs"), ("is seen at", "observedAddrs"),
    ]
    for (title, key) in lists {
      for address in info[key]?.elements ?? [] {
        print(title.padded(to: 14) + (address.text ?? ""))
      }
    }
    print("up for        \((info["uptimeMs"]?.whole ?? 0) / 1000) s")
  }
}

struct PeersCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "peers", abstract: "List the peers the running node knows.")

  @OptionGroup var flags: AskFlags

  func run() async throws {
    let peers = try await flags.ask("peers.list")
    guard !flags.json else { return print(peers) }
    for peer in peers.elements ?? [] {
      let columns = ["presence", "path", "agent"].map { (peer[$0]?.text ?? "-").padded(to: 8) }
      print("\(peer["peerId"]?.text ?? "")  \(columns.joined(separator: "  "))")
      if let why = peer["relayedBecause"]?.text { print("    relayed, because \(why)") }
    }
  }
}

extension String {
  func padded(to width: Int) -> String {
    self + String(repeating: " ", count: max(0, width - count))
  }
}
