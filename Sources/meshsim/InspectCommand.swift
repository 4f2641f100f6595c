import ArgumentParser
import Capture

struct InspectCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "inspect", abstract: "Show what a capture says, decrypted and dissected, as a timeline.")

  @Argument(help: .init("A pcap or pcapng file.", valueName: "capture.pcap"))
  var capture: String

  @Option(help: .init("A key log; any number of them.", valueName: "file"))
  var keys: [String] = []

  @Flag(help: "One JSON object a line.")
  var json = false

  @Flag(help: "Yamux's window updates too.")
  var windows = false

  @Option(help: .init("Only what this peer says, hears or wrote; any number of them.", valueName: "id"))
  var peer: [String] = []

  @Option(
    name: .customLong("protocol"),
    help: .init(
      "Only this: /ipfs/ping/1.0.0, or gossip, tcp, noise …; any number of them.", valueName: "name"))
  var protocols: [String] = []

  func validate() throws {
    do throws(Filter.Mistake) {
      _ = try Filter(peers: peer, protocols: protocols)
    } catch {
      throw ValidationError("\(error)")
    }
  }

  func run() throws {
    let inspection = Inspection(
      capture: capture, keys: keys, isJSON: json, showsWindows: windows,
      filter: try Filter(peers: peer, protocols: protocols))
    guard inspection.writeToStandardStreams() else { throw ExitCode.failure }
  }
}
