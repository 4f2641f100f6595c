import ArgumentParser
import MeshworkControl

struct DoctorCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "doctor", abstract: "Say how well the running node can be reached, and what to do about it.")

  @OptionGroup var flags: AskFlags

  func run() async throws {
    let info = try await flags.ask("node.info")
    let peers = try await flags.ask("peers.list")
    if flags.json {
      return print(JSONValue.object([.init("node", info), .init("peers", peers)]))
    }
    for line in Diagnosis(info: info, peers: peers.elements ?? []).lines { print(line) }
  }
}

/// What a person should know of a node, from its own answers.
struct Diagnosis {
  let info: JSONValue
  let peers: [JSONValue]

  var lines: [String] {
    [listening, reachability, router] + relays + company + relayed
  }

  private var listening: String {
    let addresses = (info["listenAddrs"]?.elements ?? []).compactMap(\.text)
    guard !addresses.isEmpty else {
      return "listening: nowhere; this node only dials. Give --listen to be reached."
    }
    return "listening: \(addresses.count) addresses, the first is \(addresses[0])"
  }

  private var reachability: String {
    switch info["reachability"]?.text {
    case "public": "reachability: public, everybody can connect to this node"
    case "private": "reachability: private, others reach this node through relays or by hole punching"
    default:
      "reachability: unknown; it takes peers elsewhere that speak AutoNAT, as a meshrelay does, and a minute"
    }
  }

  private var router: String {
    let nat = info["nat"]
    let mapping = nat?["mapping"]?.text ?? "unknown"
    let filtering = nat?["filtering"]?.text ?? "unknown"
    return "router: mapping \(mapping), filtering \(filtering). \(nat?["explanation"]?.text ?? "")"
  }

  private var relays: [String] {
    let relays = info["relays"]?.elements ?? []
    guard !relays.isEmpty else {
      return ["relays: none known; who cannot be dialled needs one: --relay MULTIADDR"]
    }
    let held = relays.count { $0["state"]?.text == "accepted" }
    let advice =
      held == 0
      ? "; this node cannot be reached through any now"
      : held == 1 ? "; with a second one its loss would go unnoticed" : ""
    return ["relays: \(held) of \(relays.count) hold a reservation\(advice)"]
      + relays.map { "  \($0["state"]?.text ?? "") at \($0["addr"]?.text ?? "")" }
  }

  private var company: [String] {
    let direct = peers.count { $0["path"]?.text == "direct" }
    let relayed = peers.count { $0["path"]?.text == "relayed" }
    let online = peers.count { $0["presence"]?.text == "online" }
    return ["peers: \(online) online; connected with \(direct) directly and \(relayed) through a relay"]
  }

  private var relayed: [String] {
    peers.filter { $0["path"]?.text == "relayed" }.map { peer in
      let why = peer["relayedBecause"]?.text ?? "no direct connection has been tried yet"
      return "  \(peer["peerId"]?.text ?? "") is relayed: \(why)"
    }
  }
}
