@testable import Connection
import Identity
import NIOCore
import SansIO
import Wire
import Yamux

// A connection: raw bytes against the upgrade, then a hostile peer behind an honest one.
extension FuzzTarget {
  static let connection = [
    FuzzTarget("connection-upgrade", seeds: upgradeSeeds, run: upgrade),
    FuzzTarget("connection-responder", seeds: [Seed("stream", [0, 0, 0, 2, 0, 0, 2, 1, 2, 0])]) { input in
      ConnectionRig(input, .responder).run()
    },
    FuzzTarget("connection-initiator", seeds: [Seed("stream", [0, 4, 0, 0, 0, 4, 1, 0, 0])]) { input in
      ConnectionRig(input, .initiator).run()
    },
  ]

  private static var upgradeSeeds: [Seed] {
    let noise = HostilePeer.line("/multistream/1.0.0") + HostilePeer.line("/noise")
    return [
      Seed("initiator", noise + Exchange.run.first + Exchange.run.final + [0, 3]),
      Seed("responder", noise + Exchange.run.reply + [1, 3]),
    ]
  }

  /// Bytes from the first one on.
  private static func upgrade(_ input: FuzzInput) {
    var input = input
    let (mode, role) = (input.decision(), input.decision() & 1 == 0 ? Role.responder : .initiator)
    let bytes = input.rest()
    let (whole, cut) = (upgrade(bytes, role, .whole), upgrade(bytes, role, Cutting(mode)))
    expect(whole == cut, "an upgrade does not care how bytes arrive")
  }

  private static func upgrade(_ bytes: [UInt8], _ role: Role, _ cutting: Cutting) -> ConnectionError? {
    var connection = ConnectionRig.connection(role)
    for piece in cutting.pieces(of: bytes) {
      do throws(ConnectionError) {
        try connection.receive(piece, at: .zero)
        while let event = try connection.nextEvent() {
          if case .established = event { continue }
          fatalError("violated: \(event) of a peer that cannot know our keys")
        }
      } catch {
        return error
      }
      expect(
        connection.upgradeInbound.readableBytes <= 1 << 16,
        "\(connection.upgradeInbound.readableBytes) bytes held")
    }
    guard let deadline = connection.deadline else { fatalError("violated: a connection without a deadline") }
    let isUpgrading = connection.phase == .upgrading
    do throws(ConnectionError) {
      try connection.advance(to: deadline)
      expect(!isUpgrading, "an upgrade ends in time")
    } catch {
      expect(isUpgrading && error == .upgradeTimedOut, "\(error) after \(deadline)")
    }
    return nil
  }
}
