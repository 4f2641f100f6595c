// Who takes part. The script makes them; what happens to them is said as `ana.crash()`, what must be true of
// them as `ana.sees(ben)`.

/// A machine of the scenario.
public class Host {
  /// Its name, as in the run directory and the report.
  public let name: String
  let script: Script

  init(_ name: String, _ script: Script) {
    self.name = name
    self.script = script
  }

  /// Its IPv4 address, for command lines.
  public var ip: String { "${\(name).ip}" }
  /// Its IPv6 address, for command lines.
  public var ip6: String { "${\(name).ip6}" }
  /// Its PeerID, for command lines. Every host has an identity, made from the seed.
  public var peerID: String { "${\(name).peerId}" }
  /// Where it can be dialled, `/ip4/…/tcp/…/p2p/…`, for command lines.
  public var multiaddr: String { "${\(name).multiaddr}" }
  /// The file of its identity, a libp2p PrivateKey in protobuf, for command lines.
  public var keyFile: String { "${\(name).keyFile}" }
}

/// A `meshnode`.
public final class Node: Host {}

/// A `meshrelay`.
public final class Relay: Host {}

/// A program of somebody else.
public final class ForeignPeer: Host {}

/// A machine on which nothing runs but what a step runs.
public final class Computer: Host {}

/// A segment of its own, with a router or without the internet.
public final class LAN {
  /// Its name, and its router's.
  public let name: String
  let script: Script

  init(_ name: String, _ script: Script) {
    self.name = name
    self.script = script
  }
}

/// Hosts kept apart, until they are healed.
public struct Partition {
  let name: String
  let script: Script

  /// Joins them again.
  @discardableResult
  public func heal(line: Int = #line) -> Moment {
    script.add(.heal(partition: name), line: line)
  }
}

/// Messages that a node writes one after the other, numbered from 1, until the stream is ended.
public struct Stream {
  /// When the first was handed to the node.
  public let began: Moment
  let step: Int
  let script: Script

  /// Writes no more.
  @discardableResult
  public func end(line: Int = #line) -> Moment {
    script.add(.endStream(stream: step), line: line)
  }
}

/// A chat message that a step sent.
public struct Message {
  /// When it was handed to the node.
  public let sent: Moment
  let step: Int
  let sender: String
  let text: String

  /// True once each of them has received it.
  public func reached(_ nodes: Node...) -> Condition {
    Condition(.all(facts: nodes.map { .received(at: $0.name, from: sender, text: text) }))
  }
}
