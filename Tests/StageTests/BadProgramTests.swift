import Foundation
import Scenario
import Testing

// Whatever a node does, the run ends, says so, keeps what was recorded, and leaves nothing running.

@Suite(.serialized, .enabled(if: isLaboratoryPossible), .timeLimit(.minutes(2)))
struct BadProgramTests {
  @Test func aNodeThatDiesAtItsStartIsQuoted() throws {
    let place = try Place()
    let dying = try place.program("dying", "echo 'no identity in this folder' >&2; exit 3")
    let end = try place.perform { net in net.start(net.node("ana", running: dying)) }.end()
    #expect(end.status == 1)
    #expect(end.output.contains("stopped: line "), "\(end.output)")
    let words = "meshnode exited with status 3; its last lines:\n  no identity in this folder"
    #expect(end.output.contains(words))
    #expect(place.text(of: "ana.log") == "no identity in this folder\n")
    #expect(place.text(of: "verdict.json").contains(#""verdict":"failed""#))
    #expect(Meshsim.remains(of: place.folder) == [])
  }

  @Test func aNodeThatIsNotThereIsNamed() throws {
    let place = try Place()
    let end = try place.perform { net in net.start(net.node("ana", running: "${here}/nothing")) }.end()
    #expect(end.status == 1)
    #expect(end.output.contains("/nothing cannot be run: No such file or directory"), "\(end.output)")
  }

  @Test func aNodeThatNeverGetsReadyIsGivenUp() throws {
    let place = try Place()
    let idle = try place.program("idle", "exec sleep 1000")
    let end = try place.perform { net in net.start(net.node("ana", running: idle)) }.end()
    #expect(end.status == 1)
    let words = "was not ready after 20.0 seconds; it wrote nothing to its log"
    #expect(end.output.contains(words), "\(end.output)")
    #expect(Meshsim.remains(of: place.folder) == [])
  }

  @Test func aFloodedLogIsCutAndTheRunGoesOn() throws {
    let place = try Place()
    let loud = try place.program("loud", "\(ready)\nexec yes $(seq 2000) >&2")
    let mute = try place.program("mute", "\(ready)\nexec yes $(seq 2000)")
    let end = try place.perform { net in
      net.tolerates(lateness: .seconds(1))
      net.start(net.node("loud", running: loud), net.node("mute", running: mute))
      net.wait(.seconds(8))
    }.end()
    #expect(end.status == 0, "\(end.output)")
    for name in ["loud", "mute"] {
      let bytes = place.bytes(of: "\(name).log")
      #expect(bytes >= 16 << 20 && bytes < 17 << 20, "\(name): \(bytes)")
    }
    #expect(place.text(of: "events.jsonl").contains("its log is cut after"))
    #expect(Meshsim.remains(of: place.folder) == [])
  }

  /// A megabyte of memory stands in for the disk; more events than it holds and a flooded log fill it.
  @Test func aFullDiskTakesNobodysVerdict() throws {
    let place = try Place()
    let event =
      #"{"jsonrpc":"2.0","method":"event","params":"#
      + #"{"seq":9,"timeMs":1,"type":"warning","text":"a","detail":"b"}}"#
    let loud = try place.program(
      "loud", "\(ready)\nyes '\(event)' | head -n 20000\nexec yes $(seq 2000) >&2")
    try FileManager.default.createDirectory(atPath: place.run, withIntermediateDirectories: true)
    let disk =
      "mount -t tmpfs -o size=1m tmpfs \(place.run) && \"$@\"; status=$?; ls \(place.run); exit $status"
    let prefix = ["/usr/bin/env", "unshare", "--user", "--map-root-user", "--mount", "sh", "-c", disk, "sh"]
    let end = try place.perform(under: prefix) { net in
      net.tolerates(lateness: .seconds(1))
      let ana = net.node("ana", running: loud)
      ana.start()
      net.wait(.seconds(2))
      ana.stop()
    }.end()
    #expect(end.status == 4, "\(end.output)\(end.error)")
    #expect(end.output.contains("void: events or drops could not be written: the disk may be full"))
    #expect(end.output.contains("the verdict cannot be written: No space left on device"), "\(end.output)")
    for file in ["ana.log", "ana.pcap", "events.jsonl"] { #expect(end.output.contains(file)) }
    #expect(Meshsim.remains(of: place.folder) == [])
  }

  @Test func aNodeThatWillNotEndIsKilled() throws {
    let place = try Place()
    let deaf = try place.program("deaf", "trap '' TERM INT HUP\n\(ready)\nwhile :; do sleep 1; done")
    let end = try place.perform { net in
      let ana = net.node("ana", running: deaf)
      ana.start()
      ana.stop()
      ana.start()
    }.end()
    #expect(end.status == 0, "\(end.output)")
    #expect(end.seconds > 20 && end.seconds < 40, "ten seconds of grace, twice")
    #expect(place.text(of: "events.jsonl").contains("of SIGTERM, and is killed"))
    #expect(Meshsim.remains(of: place.folder) == [])
  }
}
