import Identity
import Presence
import SansIO
import Testing

/// A machine and its clock, for tests that read like a trace.
struct Stage {
  var machine: Machine
  var now = Instant.zero
  var sequences: [PeerID: UInt64] = [:]
  /// Everything that came out, with its time.
  var log: [(at: Duration, event: Machine.Event)] = []

  init(
    seed: UInt64 = 1, known: [(peer: PeerID, sequence: UInt64)] = [],
    _ configure: (inout Configuration) -> Void = { _ in }
  ) {
    var configuration = Configuration()
    configure(&configuration)
    machine = Machine(
      own: peer(0), known: known, configuration: configuration, generator: SeededGenerator(seed: seed),
      now: .zero)
  }

  /// Lets time pass, stopping at every deadline on the way.
  mutating func pass(_ duration: Duration) {
    let end = now + duration
    while let deadline = machine.deadline, deadline <= end {
      now = max(now, deadline)
      machine.advance(to: now)
      collect()
    }
    now = end
  }

  /// Time passes and nobody calls us.
  mutating func sleep(_ duration: Duration) { now = now + duration }

  mutating func wake() {
    machine.advance(to: now)
    collect()
  }

  mutating func join(subscribers: Int = 1) {
    machine.subscribers(subscribers, at: now)
    collect()
  }

  mutating func hear(_ announcement: Announcement?, from author: PeerID, sequence: UInt64? = nil) {
    let number = sequence ?? (sequences[author] ?? 0) + 1
    sequences[author] = max(number, sequences[author] ?? 0)
    machine.accepted(announcement, from: author, sequence: number, at: now)
    collect()
  }

  mutating func collect() {
    while let event = machine.nextEvent() { log.append((now - .zero, event)) }
  }

  func times(of announcement: Announcement) -> [Duration] {
    log.filter { $0.event == .announce(announcement) }.map(\.at)
  }

  func onlines(of peer: PeerID) -> Int {
    log.count { if case .online(peer, _) = $0.event { true } else { false } }
  }

  func offlines(of peer: PeerID) -> [(at: Duration, reason: Machine.OfflineReason, silence: Duration)] {
    log.compactMap { entry in
      if case .offline(peer, let reason, let silence) = entry.event {
        (entry.at, reason, silence)
      } else {
        nil
      }
    }
  }
}

/// Peers by number; the machine under test is number 0.
func peer(_ number: UInt32) -> PeerID {
  var seed = [UInt8](repeating: 9, count: 32)
  withUnsafeBytes(of: number.bigEndian) { seed.replaceSubrange(0..<4, with: $0) }
  do { return try KeyPair(seed: seed).peerID } catch { preconditionFailure("32 bytes are a seed: \(error)") }
}
