package import Noise

/// The keys of every channel that some key log has: the union of all logs.
package struct KeyRing: Sendable {
  package struct Keys: Hashable, Sendable {
    package var handshake: KeyLog.HandshakeKeys?
    package var transport: KeyLog.TransportKeys?
  }

  /// False while more logs may come: a live tap sees packets before their keys. What cannot be opened is then
  /// held for a while, within `Limits.unexplainedBytesMax`, instead of being shown sealed.
  package var isComplete: Bool
  private var channels: [[UInt8]: Keys] = [:]
  /// Lines with one of the log's labels that could not be read.
  package private(set) var badLines = 0

  package init(isComplete: Bool = true) {
    self.isComplete = isComplete
  }

  /// Channels of which any key is known.
  package var count: Int { channels.count }

  package mutating func add(_ entry: KeyLog.Entry) {
    switch entry {
    case .handshake(let keys): channels[keys.ephemeral, default: Keys()].handshake = keys
    case .transport(let keys): channels[keys.ephemeral, default: Keys()].transport = keys
    }
  }

  /// Adds a line of a log. Lines of other kinds, as QUIC's secrets in the same file, are passed over; those
  /// of this kind that cannot be read, as the last one of a node that died, are counted.
  package mutating func add(line: some StringProtocol) {
    do throws(KeyLog.LineError) {
      add(try KeyLog.Entry(line: line))
    } catch {
      switch error {
      case .unknownLabel: break
      case .tooLong, .wrongValueCount, .malformedValue: badLines += 1
      }
    }
  }

  /// By the ephemeral key in the channel's first message.
  package func keys(of ephemeral: [UInt8]) -> Keys? { channels[ephemeral] }
}
